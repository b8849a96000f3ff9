# shellcheck shell=bash disable=SC2154
search=/etc/terminfo:/lib/terminfo:/usr/share/terminfo:/usr/lib/terminfo:/usr/share/lib/terminfo
./configure --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
    --with-build-cc="$CC_FOR_BUILD" --with-build-cflags=-O1 --with-build-cppflags= --with-build-ldflags= \
    --without-ada --without-cxx --without-cxx-binding --without-debug --without-manpages --without-progs \
    --without-tests --without-shared --with-normal --enable-widec --enable-pc-files --enable-const \
    --with-pkg-config-libdir="$PREFIX/lib/pkgconfig" --with-default-terminfo-dir=/usr/share/terminfo \
    --with-terminfo-dirs="$search" --disable-db-install --disable-stripping
make -j"$NUM_JOBS"
make DESTDIR=/out install
# A small collection for systems that have none. Compiled by the build image's tic: the format is the same everywhere.
mkdir -p "/out$PREFIX/share/terminfo"
tic -x -s -o "/out$PREFIX/share/terminfo" -e "$(tr '\n' , < /in/recipe/terminals.txt)" misc/terminfo.src
