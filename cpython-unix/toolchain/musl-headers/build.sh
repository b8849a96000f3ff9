# shellcheck shell=bash disable=SC2154
make ARCH="$MUSL_ARCH" prefix=/usr DESTDIR=/out/sysroot install-headers
mkdir -p /out/tools/toolchain
printf '%s\n' "$CLANG_CONFIG" > "/out/tools/toolchain/$TARGET.cfg"
