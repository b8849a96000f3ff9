# shellcheck shell=bash disable=SC2154
# As build.sh, out of Debian's package for the processor: under the names that the compiler looks for.
resources=/out/tools/toolchain/resources
library=$resources/lib/$TARGET
mkdir -p "$library"
cp -r "$(clang -print-resource-dir)/include" "$resources/include"
cd "$SOURCE"/usr/lib/llvm-22/lib/clang/*/lib/linux
for part in builtins profile; do
    cp libclang_rt.$part-*.a "$library/libclang_rt.$part.a"
done
for part in crtbegin crtend; do
    cp clang_rt.$part-*.o "$library/clang_rt.$part.o"
done
