# shellcheck shell=bash disable=SC2154
# Scripts lie beside the library as files (no zip inside it), where other programs can read them, too.
cd unix
options=()
[ -d ../libtommath ] || options+=(--with-system-libtommath)
./configure --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
    --enable-shared --enable-64bit --disable-zipfs --disable-rpath --without-tzdata "${options[@]}" \
    LDFLAGS="$LDFLAGS -Wl,--exclude-libs,ALL -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack"
make -j"$NUM_JOBS" TCL_EXE=tclsh CFLAGS_OPTIMIZE="$CFLAGS" libtcl9.0.so libtclstub.a
make TCL_EXE=tclsh INSTALL_ROOT=/out install-binaries install-libraries install-headers install-msgs
