# shellcheck shell=bash disable=SC2154
# As byte-code.sh, by the Python of the build: byte code is the same for every processor.
library=/out/python/install/lib/python$PYTHON_MINOR${ABI_SUFFIX%d}
PYTHONHASHSEED=0 PYTHONNOUSERSITE=1 "/in/build-python/bin/python$PYTHON_MINOR" -m compileall -q -f \
    -s /out/python/install --invalidation-mode unchecked-hash -x '_sysconfigdata|/site-packages/|/tests?/|_tests?/|/lib2to3/' "$library"
