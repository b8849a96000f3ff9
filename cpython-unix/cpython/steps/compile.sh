# shellcheck shell=bash disable=SC2154
# The interpreter, libpython and the shared extension modules. MAKE_VARIABLES are flags of this build only.
make -j"$NUM_JOBS" "${MAKE_VARIABLES[@]}"
