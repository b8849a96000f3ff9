# shellcheck shell=bash disable=SC2154
# The licence text of everything inside, CPython's own first.
mkdir -p /out/python/licenses
cp LICENSE /out/python/licenses/LICENSE.cpython.txt
find /in/licenses -type f -exec cp {} /out/python/licenses/ \;
