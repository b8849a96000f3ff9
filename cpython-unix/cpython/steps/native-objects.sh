# shellcheck shell=bash disable=SC2154
# Objects hold machine code and, in a section of their own, bitcode for the link of this very build. Other
# programs are linked by other linkers: they get the machine code.
find . /out/python/install \( -name '*.o' -o -name '*.a' \) -exec llvm-objcopy --remove-section=.llvm.lto {} \;
