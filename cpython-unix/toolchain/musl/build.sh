# shellcheck shell=bash disable=SC2154
sysroot=/out/sysroot
# The prelude's compiler is what this recipe makes; musl itself needs neither headers nor start files.
export CC="clang --target=$TARGET -rtlib=compiler-rt --unwindlib=none -fuse-ld=lld"
export CFLAGS="-O2 -ffile-prefix-map=/build=."
unset CPPFLAGS LDFLAGS
./configure --target="$TARGET" --prefix=/usr --syslibdir=/lib --disable-wrapper
make -j"$NUM_JOBS"
make DESTDIR="$sysroot" install

# /lib as one directory with /usr/lib, and the loader as a link that holds wherever this lies: programs that are
# built can run at once, because the configuration file names it as their loader.
rm -r "${sysroot:?}/lib"
ln -s usr/lib "$sysroot/lib"
ln -s libc.so "$sysroot$LOADER"

cp -r /usr/include/linux /usr/include/asm-generic "$sysroot/usr/include/"
cp -r "/usr/lib/linux/uapi/$KERNEL_ARCH/asm" "$sysroot/usr/include/asm"

mkdir -p /out/tools/toolchain
printf '%s\n' "$CLANG_CONFIG" > "/out/tools/toolchain/$TARGET.cfg"
printf '%s' "$LOADER" > "/out/tools/toolchain/$TARGET.loader"
