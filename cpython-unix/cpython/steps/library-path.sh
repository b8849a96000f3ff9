# shellcheck shell=bash disable=SC2154
# An interpreter that was not installed yet finds its libpython.
export LD_LIBRARY_PATH=$SOURCE
