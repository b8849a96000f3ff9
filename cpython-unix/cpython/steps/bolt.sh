# shellcheck shell=bash disable=SC2154
# BOLT lays the hot code of the finished interpreter out anew, after a training of its own: it counts jumps of
# machine code, which only exist now.
mkdir -p /build/bolt
mv python /build/bolt/python
llvm-profdata show --all-functions "${BOLT_FUNCTIONS[@]}" /in/profile/code.profdata > /build/bolt/profile.txt
PYTHONPATH=/in/inside python3 -m pythonbuild.inside.post_link functions /build/bolt/profile.txt > /build/bolt/functions
llvm-bolt /build/bolt/python -instrument -instrumentation-file=/build/bolt/counts -instrumentation-file-append-pid \
    -funcs-file-no-regex=/build/bolt/functions -o python > /build/bolt/instrument.log 2>&1 ||
    { tail -n 40 /build/bolt/instrument.log; exit 1; }
if [ ${#WORKLOADS[@]} -gt 0 ]; then
    train_with_workloads
else
    # What counts needs more stack than CPython leaves below its limit, so that a test of deep recursion may fail
    # here. The counts of all others are good, and the result has to pass every one.
    (TRAINING_ARGS+=("${BOLT_TRAINING_ARGS[@]}"); train_with_tests) || echo 'not all of the training passed'
fi
merge-fdata -o /build/bolt/merged /build/bolt/counts.*
llvm-bolt /build/bolt/python -o python -data=/build/bolt/merged "${BOLT_FLAGS[@]}" 2>&1 | tee /build/bolt/bolt.log
PYTHONPATH=/in/inside python3 -m pythonbuild.inside.post_link vacate --before=/build/bolt/python python
