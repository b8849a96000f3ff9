# shellcheck shell=bash disable=SC2154
CHOST=$TARGET ./configure --static --prefix="$PREFIX" --libdir="$PREFIX/lib"
make -j"$NUM_JOBS" libz.a
make DESTDIR=/out install
