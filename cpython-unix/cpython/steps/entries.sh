# shellcheck shell=bash disable=SC2154
# A module may be started by a function of another name than all had before.
PYTHONPATH=/in/inside python3 -m pythonbuild.inside.entries /out/extensions.json /out/python
