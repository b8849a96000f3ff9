# shellcheck shell=bash disable=SC2154
# makekeys runs on the build machine, so its compiler and flags are that machine's.
./configure --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" --libdir="$PREFIX/lib" --datadir=/usr/share \
    --disable-shared --enable-static --with-pic --disable-specs --disable-devel-docs --disable-loadable-i18n \
    --disable-loadable-xcursor --disable-malloc0returnsnull --without-xmlto --without-fop --without-xsltproc \
    --with-keysymdefdir=/usr/include/X11 --with-locale-lib-dir=/usr/lib/X11/locale \
    CC_FOR_BUILD="$CC_FOR_BUILD" CFLAGS_FOR_BUILD=-O1 CPPFLAGS_FOR_BUILD= LDFLAGS_FOR_BUILD=
make -C src/util -j"$NUM_JOBS"
make -C modules -j"$NUM_JOBS"
make -C src -j"$NUM_JOBS"
make -C src DESTDIR=/out install
make -C include DESTDIR=/out install
make DESTDIR=/out install-pkgconfigDATA
# Locale data and key names are the host's, where they may be newer.
rm -r /out/usr
