# shellcheck shell=bash disable=SC2154
# Search paths lie in a clang configuration file, and flags of this build are given to make: what configure
# records (and users' compilers later see) is `clang` and CPython's own flags.
cat > /build/clang.cfg <<EOF
@/tools/toolchain/$TARGET.cfg
-I$PREFIX/include
-L$PREFIX/lib
EOF
unset CFLAGS CXXFLAGS CPPFLAGS LDFLAGS
export CC="clang --config=/build/clang.cfg" CXX="clang++ --config=/build/clang.cfg"
export PKG_CONFIG="pkg-config --static" CONFIG_SITE=/in/config.site MODULE_BUILDTYPE=static
./configure "${CONFIGURE_ARGS[@]}" || { tail -n 60 config.log; exit 1; }
PYTHONPATH=/in/inside python3 -m pythonbuild.inside.setup_modules configured --modules=/in/extension-modules.json --source="$SOURCE"
# make imports every module it has built, from build/lib.*: _tkinter finds Tcl and Tk two directories up.
ln -sf "$PREFIX"/lib/libtcl*.so "$SOURCE/"
