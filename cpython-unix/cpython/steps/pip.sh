# shellcheck shell=bash disable=SC2154
# The pip that CPython carries; nothing else is needed for a Python to install packages.
PYTHONPATH=/in/inside python3 -m pythonbuild.inside.install_pip --wheel="$(echo Lib/ensurepip/_bundled/pip-*.whl)" \
    --prefix=/out/python/install --library="lib/python$PYTHON_MINOR${ABI_SUFFIX%d}" --minor="$PYTHON_MINOR"
