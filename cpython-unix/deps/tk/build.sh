# shellcheck shell=bash disable=SC2154
cd unix
# The makefile would take it for a part of the paths that are compiled in.
unset DESTDIR
# The checks whether Xft and fontconfig can be linked name none of the libraries that these need themselves.
ac_cv_lib_Xft_XftFontOpen=yes ac_cv_lib_fontconfig_FcFontSort=yes \
./configure --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
    --enable-shared --enable-64bit --disable-zipfs --disable-rpath --enable-xft --disable-xss --disable-libcups \
    --with-tcl="$PREFIX/lib" --with-x --x-includes="$PREFIX/include" --x-libraries="$PREFIX/lib" \
    LDFLAGS="$LDFLAGS -Wl,--exclude-libs,ALL -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack"
# Without Xft configure goes on, and says so in the middle of its output.
grep -q tkUnixRFont.o Makefile
# Compiled in are the paths of the distribution. The library gets a name, which Tk's own rule leaves out.
make -j"$NUM_JOBS" TCLSH_PROG=tclsh CFLAGS_OPTIMIZE="$CFLAGS" TK_SHLIB_LD_EXTRAS=-Wl,-soname,libtcl9tk9.0.so \
    prefix=/install exec_prefix=/install libdir=/install/lib TK_LIBRARY=/install/lib/tk9.0 \
    DEMO_INSTALL_DIR=/install/lib/tk9.0/demos \
    X11_LIB_SWITCHES="-L$PREFIX/lib -lXft -lfontconfig -lfreetype -lexpat -lz -lXrender -lX11 -lxcb -lXau" \
    libtcl9tk9.0.so libtkstub.a
make TCLSH_PROG=tclsh INSTALL_ROOT=/out install-binaries install-libraries install-headers
install -D -m 644 -t "/out$PREFIX/lib/tk9.0/fonts" "$PREFIX"/share/fonts/dejavu/*.ttf /in/recipe/fonts.conf
