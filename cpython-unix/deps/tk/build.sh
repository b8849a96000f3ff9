# shellcheck shell=bash disable=SC2154
cd unix
# The makefile would take it for a part of the paths that are compiled in.
unset DESTDIR
./configure --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
    --enable-shared --enable-64bit --disable-zipfs --disable-rpath --disable-xft --disable-xss --disable-libcups \
    --with-tcl="$PREFIX/lib" --with-x --x-includes="$PREFIX/include" --x-libraries="$PREFIX/lib" \
    LDFLAGS="$LDFLAGS -Wl,--exclude-libs,ALL -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack"
# Compiled in are the paths of the distribution. The library gets a name, which Tk's own rule leaves out.
make -j"$NUM_JOBS" TCLSH_PROG=tclsh CFLAGS_OPTIMIZE="$CFLAGS" TK_SHLIB_LD_EXTRAS=-Wl,-soname,libtcl9tk9.0.so \
    prefix=/install exec_prefix=/install libdir=/install/lib TK_LIBRARY=/install/lib/tk9.0 \
    DEMO_INSTALL_DIR=/install/lib/tk9.0/demos \
    X11_LIB_SWITCHES="-L$PREFIX/lib -lX11 -lxcb -lXau" libtcl9tk9.0.so libtkstub.a
make TCLSH_PROG=tclsh INSTALL_ROOT=/out install-binaries install-libraries install-headers
