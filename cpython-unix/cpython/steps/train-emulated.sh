# shellcheck shell=bash disable=SC2154,SC2016
# As train.sh, under an emulator: each workload once, which counts as often as it runs there. Functions that have the
# same shape in the profile that was borrowed get both counts, others at last some of their own.
mkdir -p /build/profile /out/profile
# A workload that starts Python again takes the name that it was started by: that of a script, which the kernel can run.
printf '#!/bin/sh\nexec %s -0 "$0" %q "$@"\n' "$(printf '%q ' "${EMULATOR[@]}")" "$PWD/python" > started
chmod +x started
export LLVM_PROFILE_FILE=/build/profile/%4m.profraw
for workload in "${WORKLOADS[0]%/*}"/*.py; do
    if [ "${workload##*/}" != run.py ]; then echo "$workload"; fi
done | PYTHONHASHSEED=0 xargs -P "$NUM_JOBS" -I WORKLOAD \
    sh -c 'echo "workload $1" && shift && "$@" > /dev/null' sh WORKLOAD ./started WORKLOAD 2>&1 |
    tee /out/profile/training.log
llvm-profdata merge --failure-mode=any --output=/build/profile/own.profdata /build/profile/*.profraw
llvm-profdata merge --failure-mode=any --output=/out/profile/code.profdata \
    /in/profile/code.profdata --weighted-input=6,/build/profile/own.profdata
llvm-profdata show /out/profile/code.profdata | tee /out/profile/statistics.txt
