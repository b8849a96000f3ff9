# shellcheck shell=bash disable=SC2154
# Byte code of programs that ran from the tree.
find /out/python/install -name __pycache__ -prune -exec rm -rf {} +
