# shellcheck shell=bash disable=SC2154
# Byte code that is used without a look at its source, so that a read-only installation starts as fast as any, and
# that has neither a time nor a place in it: an import puts in where the file lies now. Left out: what installers edit or own (the build's data, site-packages), and tests.
library=/out/python/install/lib/python$PYTHON_MINOR${ABI_SUFFIX%d}
PYTHONHASHSEED=0 PYTHONNOUSERSITE=1 "/out/python/install/bin/python$PYTHON_MINOR" -m compileall -q -f \
    -s /out/python/install --invalidation-mode unchecked-hash -x '_sysconfigdata|/site-packages/|/tests?/|_tests?/|/lib2to3/' "$library"
