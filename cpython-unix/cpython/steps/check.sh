# shellcheck shell=bash disable=SC2154
# An optimized interpreter answers as one that is not, its stack can't be executed, and it passes the tests that
# it was trained with.
PYTHONPATH=/in/inside ./python -m pythonbuild.inside.answers check
llvm-readelf --program-headers --wide python | grep -E 'GNU_STACK.* RW +' || { echo 'the stack is executable'; exit 1; }
./python -m test "${TRAINING_ARGS[@]}" -j"$NUM_JOBS"
