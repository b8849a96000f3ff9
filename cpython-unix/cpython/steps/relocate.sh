# shellcheck shell=bash disable=SC2154
# No text file may name a place of this build, and scripts find the interpreter beside themselves.
PYTHONPATH=/in/inside python3 -m pythonbuild.inside.relocate /out/python/install
