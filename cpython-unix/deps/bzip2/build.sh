# shellcheck shell=bash disable=SC2154
make -j"$NUM_JOBS" CC="$CC" AR="$AR" RANLIB="$RANLIB" CFLAGS="$CFLAGS -D_FILE_OFFSET_BITS=64" libbz2.a
install -D -m 644 libbz2.a "/out$PREFIX/lib/libbz2.a"
install -D -m 644 bzlib.h "/out$PREFIX/include/bzlib.h"
mkdir -p "/out$PREFIX/lib/pkgconfig"
cat > "/out$PREFIX/lib/pkgconfig/bzip2.pc" <<PC
prefix=$PREFIX
Name: bzip2
Description: Lossless, block-sorting data compression
Version: $VERSION
Libs: -L\${prefix}/lib -lbz2
Cflags: -I\${prefix}/include
PC
