# shellcheck shell=bash disable=SC2154
# Compiled by the image's clang for the image alone: no sysroot, no compiler configuration.
unset CC CXX CFLAGS CXXFLAGS CPPFLAGS LDFLAGS DESTDIR
programs=/build/programs
if [ ! -e "$programs/complete" ]; then
    for wheel in /in/sources/*.whl; do
        python3 -m zipfile -e "$wheel" "$programs"
    done
    find "$programs" \( -path '*/bin/*' -o -path '*/scripts/*' \) -exec chmod +x {} +
    touch "$programs/complete"
fi
export PATH="$programs/cmake/data/bin:$PATH"
ninja=$(find "$programs" -name ninja -type f -perm -u+x -print -quit)

# One program that is all tools is linked once: LTO of each alone would take as long for every one of them.
cmake -G Ninja -S llvm -B /build/objects -Wno-dev \
    -DCMAKE_MAKE_PROGRAM="$ninja" \
    -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_INSTALL_PREFIX=/tools/host \
    -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_ASM_COMPILER=clang \
    -DCMAKE_C_FLAGS="-ffile-prefix-map=/build=." -DCMAKE_CXX_FLAGS="-ffile-prefix-map=/build=." \
    -DLLVM_USE_LINKER=lld -DLLVM_ENABLE_LTO=Thin -DLLVM_PARALLEL_LINK_JOBS=1 \
    -DLLVM_ENABLE_PROJECTS="clang;lld;bolt" -DLLVM_ENABLE_RUNTIMES=compiler-rt \
    -DLLVM_TARGETS_TO_BUILD="$LLVM_TARGETS" -DLLVM_DEFAULT_TARGET_TRIPLE=x86_64-pc-linux-gnu \
    -DLLVM_TOOL_LLVM_DRIVER_BUILD=ON -DLLVM_DISTRIBUTION_COMPONENTS="${COMPONENTS// /}" \
    -DLLVM_INCLUDE_TESTS=OFF -DLLVM_INCLUDE_EXAMPLES=OFF -DLLVM_INCLUDE_BENCHMARKS=OFF -DLLVM_INCLUDE_DOCS=OFF \
    -DCLANG_INCLUDE_TESTS=OFF -DBOLT_INCLUDE_TESTS=OFF -DLLVM_ENABLE_BINDINGS=OFF -DLLVM_ENABLE_PLUGINS=OFF \
    -DLLVM_ENABLE_ZLIB=OFF -DLLVM_ENABLE_ZSTD=OFF -DLLVM_ENABLE_LIBXML2=OFF -DLLVM_ENABLE_LIBEDIT=OFF \
    -DLLVM_ENABLE_TERMINFO=OFF -DLLVM_ENABLE_CURL=OFF -DLLVM_ENABLE_HTTPLIB=OFF -DLLVM_ENABLE_Z3_SOLVER=OFF \
    -DCLANG_ENABLE_STATIC_ANALYZER=OFF -DCLANG_ENABLE_OBJC_REWRITER=OFF -DCLANG_PLUGIN_SUPPORT=OFF \
    -DBOLT_TARGETS_TO_BUILD=X86 -DBOLT_ENABLE_RUNTIME=ON \
    -DCOMPILER_RT_BUILD_SANITIZERS=OFF -DCOMPILER_RT_BUILD_XRAY=OFF -DCOMPILER_RT_BUILD_LIBFUZZER=OFF \
    -DCOMPILER_RT_BUILD_MEMPROF=OFF -DCOMPILER_RT_BUILD_ORC=OFF -DCOMPILER_RT_BUILD_CTX_PROFILE=OFF \
    -DCOMPILER_RT_BUILD_GWP_ASAN=OFF
# ninja writes down what is finished: started again, it goes on with what is not.
"$ninja" -C /build/objects -j "$NUM_JOBS" distribution
DESTDIR=/out "$ninja" -C /build/objects install-distribution
