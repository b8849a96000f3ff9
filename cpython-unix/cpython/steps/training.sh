# shellcheck shell=bash disable=SC2154
# What an interpreter that counts is made to do: CPython's own training task, in parallel, then workloads.
train() {
    PYTHONHASHSEED=0 ./python -m test "${TRAINING_ARGS[@]}" -j"$NUM_JOBS"
    if [ ${#WORKLOADS[@]} -gt 0 ]; then
        PYTHONHASHSEED=0 ./python "${WORKLOADS[@]}" --jobs "$NUM_JOBS"
    fi
}
