# shellcheck shell=bash disable=SC2154
# A glibc sysroot of a chosen floor, for any architecture, out of the headers and symbol lists that
# the Zig wheel carries: real headers with version guards, and stub libraries that define exactly the
# symbol versions up to the floor. Nothing newer can be linked against by accident.
zig="$SOURCE/ziglang/zig"
libc="$SOURCE/ziglang/lib/libc"
export ZIG_GLOBAL_CACHE_DIR=/build/zig-cache ZIG_LOCAL_CACHE_DIR=/build/zig-cache
chmod +x "$zig"

# Link once as an ordinary and once as a position-independent program: zig leaves the stubs and the
# start files of both in its (fresh) cache.
echo 'int main(void) { return 0; }' > /build/main.c
link=("$zig" cc -O2 -target "$ZIG_TARGET" /build/main.c)
IFS=' ' read -r -a separate <<< "$SEPARATE_LIBRARIES"
IFS=' ' read -r -a merged <<< "$MERGED_LIBRARIES"
"${link[@]}" -o /build/main "${separate[@]/#/-l}"
"${link[@]}" -pie -o /build/main-pie

sysroot=/out/sysroot
mkdir -p "$sysroot/usr/lib" "$sysroot/usr/include"
cached() { find /build/zig-cache/o -name "$1" -print -quit; }
for file in crt1.o Scrt1.o libc_nonshared.a libc.so.6; do
    cp "$(cached "$file")" "$sysroot/usr/lib/$file"
done
for name in "${separate[@]}"; do
    library=$(cached "lib$name.so.*")
    cp "$library" "$sysroot/usr/lib/"
    ln -s "${library##*/}" "$sysroot/usr/lib/lib$name.so"
done
cp "$(cached 'libld.so.2')" "$sysroot/usr/lib/ld.so"
find "$sysroot/usr/lib" -type f -exec llvm-strip --strip-debug {} +
# What libc holds itself may still be asked for: glibc installs empty archives for that.
for name in "${merged[@]}"; do
    llvm-ar rc "$sysroot/usr/lib/lib$name.a"
done

# crti.o and crtn.o only hold the frame of the old .init section; current compilers leave it empty.
: > /build/empty.c
for file in crti.o crtn.o; do
    clang --target="$TARGET" -c /build/empty.c -o "$sysroot/usr/lib/$file"
done
echo 'GROUP ( libc.so.6 libc_nonshared.a AS_NEEDED ( ld.so ) )' > "$sysroot/usr/lib/libc.so"
ln -s usr/lib "$sysroot/lib"

# Later layers win: kernel headers, the architecture's kernel headers, glibc, the architecture's glibc.
IFS=' ' read -r -a layers <<< "$ZIG_HEADERS"
for layer in "${layers[@]}"; do
    cp -rT "$libc/include/$layer" "$sysroot/usr/include"
done

mkdir -p /out/tools/toolchain
printf '%s\n' "$CLANG_CONFIG" > "/out/tools/toolchain/$TARGET.cfg"
mkdir -p /out/licenses/sysroot-glibc
cp "$libc/glibc/LICENSES" /out/licenses/sysroot-glibc/LICENSE.glibc.txt
