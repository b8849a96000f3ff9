# shellcheck shell=bash disable=SC2154
# What an interpreter that counts is made to do: CPython's own training task, in parallel, then workloads.
train() {
    train_with_tests
    if [ ${#WORKLOADS[@]} -gt 0 ]; then
        train_with_workloads
    fi
}
train_with_tests() {
    PYTHONHASHSEED=0 ./python -m test "${TRAINING_ARGS[@]}" -j"$NUM_JOBS"
}
train_with_workloads() {
    PYTHONHASHSEED=0 ./python "${WORKLOADS[@]}" --jobs "$NUM_JOBS"
}
