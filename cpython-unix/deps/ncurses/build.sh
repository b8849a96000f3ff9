# shellcheck shell=bash disable=SC2154
search=/etc/terminfo:/lib/terminfo:/usr/share/terminfo:/usr/lib/terminfo:/usr/share/lib/terminfo
# The last resort, in the library itself: systems without any terminfo still have a working terminal.
built_in=xterm-256color,xterm,screen-256color,screen,tmux-256color,linux,vt100,dumb

# ncurses asks ar for the times of members, which differ between builds, unless it is told what to ask for.
export cf_cv_ar_flags=-crvD
# tic and infocmp are the build image's: what they write is the same everywhere.
./configure --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
    --with-build-cc="$CC_FOR_BUILD" --with-build-cflags=-O1 --with-build-cppflags= --with-build-ldflags= \
    --without-ada --without-cxx --without-cxx-binding --without-debug --without-manpages --without-progs \
    --without-tests --without-gpm --without-shared --with-normal --enable-widec --enable-pc-files --enable-const \
    --with-pkg-config-libdir="$PREFIX/lib/pkgconfig" --with-default-terminfo-dir=/usr/share/terminfo \
    --with-terminfo-dirs="$search" --with-fallbacks="$built_in" --disable-db-install --disable-stripping
make -j"$NUM_JOBS"
make DESTDIR=/out install

# A small collection of files for systems that have none.
mkdir -p "/out$PREFIX/share/terminfo"
tic -x -s -o "/out$PREFIX/share/terminfo" -e "$(tr '\n' , < /in/recipe/terminals.txt)" misc/terminfo.src
