# Objects hold machine code and, in a section of their own, bitcode for the link of this very build. Other
# programs are linked by other linkers: they get the machine code.
find . -name '*.o' -print0 | xargs -0 -n 64 -P "$NUM_JOBS" sh -c '
    for file; do llvm-objcopy --remove-section=.llvm.lto "$file"; done' sh
for archive in Modules/_hacl/*.a /out/python/install/lib/python*/config-*/*.a; do
    if [ -e "$archive" ]; then llvm-objcopy --remove-section=.llvm.lto "$archive"; fi
done
find /out/python/install -name '*.o' -exec llvm-objcopy --remove-section=.llvm.lto {} \;
