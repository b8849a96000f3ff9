# shellcheck shell=bash disable=SC2154
options=(CC="$CC" AR="$AR" CFLAGS="$CFLAGS -DZSTD_MULTITHREAD -DZSTDLIB_VISIBLE= -DZSTDERRORLIB_VISIBLE= -DZDICTLIB_VISIBLE="
    PREFIX="$PREFIX" LIBDIR="$PREFIX/lib" ZSTD_LEGACY_SUPPORT=0 UNAME=Linux)
make -C lib -j"$NUM_JOBS" "${options[@]}" libzstd.a-mt-release
make -C lib "${options[@]}" DESTDIR=/out install-static install-includes install-pc
