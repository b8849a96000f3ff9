# shellcheck shell=bash disable=SC2154
[ -x configure ] || autoreconf --force --install
# It asks for a library called ncurses; ours has the wide one's name.
mkdir -p /build/names
ln -sf "$PREFIX/lib/libncursesw.a" /build/names/libncurses.a
./configure --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
    --disable-shared --enable-static --with-pic --disable-examples \
    CPPFLAGS="$CPPFLAGS -I$PREFIX/include/ncursesw" LDFLAGS="$LDFLAGS -L/build/names"
make -C src -j"$NUM_JOBS"
make -C src DESTDIR=/out install
make DESTDIR=/out install-data-am
sed -i 's/-lncurses\b/-lncursesw/' "/out$PREFIX/lib/pkgconfig/libedit.pc"
