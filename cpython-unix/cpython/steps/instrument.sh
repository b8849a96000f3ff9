# shellcheck shell=bash disable=SC2154
# A quick interpreter that counts. Link-time optimization would only make it slower to build: the profile
# belongs to the source, before any optimization.
make -j"$NUM_JOBS" "${MAKE_VARIABLES[@]}" build_all
