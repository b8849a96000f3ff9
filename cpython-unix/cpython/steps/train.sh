# shellcheck shell=bash disable=SC2154
# %4m: processes merge their counters into a pool of four files, under a lock, so that none is lost and the
# directory stays small.
mkdir -p /build/profile /out/profile
export LLVM_PROFILE_FILE=/build/profile/%4m.profraw
train 2>&1 | tee /out/profile/training.log
llvm-profdata merge --failure-mode=any --output=/out/profile/code.profdata /build/profile/*.profraw
llvm-profdata show /out/profile/code.profdata | tee /out/profile/statistics.txt
