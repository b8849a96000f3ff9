# shellcheck shell=bash disable=SC2154
# Configuration and cache are those of the machine; where it has no configuration, fonts are looked for in the usual places.
./configure --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
    --sysconfdir=/etc --localstatedir=/var --datadir=/usr/share \
    --with-default-fonts=/usr/share/fonts --with-add-fonts=/usr/local/share/fonts,/usr/share/X11/fonts \
    --disable-shared --enable-static --with-pic --disable-docs --disable-cache-build --disable-nls
make -C fc-case -j"$NUM_JOBS"
make -C fc-lang -j"$NUM_JOBS"
make -C src -j"$NUM_JOBS"
make -C src DESTDIR=/out install
make -C fontconfig DESTDIR=/out install
make DESTDIR=/out install-pkgconfigDATA
