# shellcheck shell=bash disable=SC2154
./configure --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
    --localstatedir=/var \
    --disable-all-programs --enable-libuuid --disable-shared --enable-static --with-pic --disable-nls \
    --disable-asciidoc --disable-gtk-doc --disable-bash-completion --without-systemd --without-python --without-ncursesw --without-tinfo
make -j"$NUM_JOBS" libuuid.la libuuid/uuid.pc
install -D -m 644 -t "/out$PREFIX/lib" .libs/libuuid.a
install -D -m 644 -t "/out$PREFIX/include/uuid" libuuid/src/uuid.h
install -D -m 644 -t "/out$PREFIX/lib/pkgconfig" libuuid/uuid.pc
