# shellcheck shell=bash disable=SC2154
# Scripts lie beside the library as files (no zip inside it), where other programs can read them, too.
cd unix
# The makefile would take it for a part of the paths that are compiled in.
unset DESTDIR
./configure --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
    --enable-shared --enable-64bit --disable-zipfs --disable-rpath --without-tzdata \
    LDFLAGS="$LDFLAGS -Wl,--exclude-libs,ALL -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack"
# Compiled in are the paths of the distribution. The library gets a name, which Tcl's own rule leaves out.
make -j"$NUM_JOBS" CFLAGS_OPTIMIZE="$CFLAGS" TCL_SHLIB_LD_EXTRAS=-Wl,-soname,libtcl9.0.so \
    prefix=/install exec_prefix=/install libdir=/install/lib TCL_LIBRARY=/install/lib/tcl9.0 \
    TCL_PACKAGE_PATH=/install/lib libtcl9.0.so libtclstub.a
make TCL_EXE=tclsh INSTALL_ROOT=/out install-binaries install-libraries install-headers install-msgs
# A list of domains under a licence of its own (MPL-2.0), for HTTP cookies, which nothing in Python uses.
rm -r "/out$PREFIX/lib/tcl9.0/cookiejar0.2"
