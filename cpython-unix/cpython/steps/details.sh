# shellcheck shell=bash disable=SC2154
# What tells tools of the interpreter without running it: as the interpreter of the target has it.
PYTHONPATH=/in/inside python3 -m pythonbuild.inside.details /out/python/install /out/facts.json "$PLATFORM_TAG"
