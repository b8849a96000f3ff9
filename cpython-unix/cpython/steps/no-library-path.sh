# shellcheck shell=bash disable=SC2154
# From here on it is found as users find it.
unset LD_LIBRARY_PATH
