# shellcheck shell=bash disable=SC2154
# The pip that CPython carries (and setuptools, up to 3.11); nothing else is needed to install packages.
for wheel in Lib/ensurepip/_bundled/*.whl; do
    PYTHONPATH=/in/inside python3 -m pythonbuild.inside.install_pip --wheel="$wheel" \
        --prefix=/out/python/install --library="lib/python$PYTHON_MINOR${ABI_SUFFIX%d}" --minor="$PYTHON_MINOR"
done
