# shellcheck shell=bash disable=SC2154
# The metadata is what the finished interpreter says of itself.
PYTHONPATH=/in/inside PYTHONDONTWRITEBYTECODE=1 PYTHONNOUSERSITE=1 \
    "/out/python/install/bin/python$PYTHON_MINOR" -m pythonbuild.inside.probe /out/facts.json
