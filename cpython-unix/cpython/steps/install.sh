# shellcheck shell=bash disable=SC2154
# Byte code is left out (--help: compileall prints its usage and stops): it would carry times of this build.
make "${MAKE_VARIABLES[@]}" COMPILEALL_OPTS=--help DESTDIR=/out/python-tmp install
mkdir -p /out/python
mv /out/python-tmp/install /out/python/install
rmdir /out/python-tmp
