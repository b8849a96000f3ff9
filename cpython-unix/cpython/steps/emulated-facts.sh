# shellcheck shell=bash disable=SC2154
# As facts.sh, under an emulator.
PYTHONPATH=/in/inside PYTHONDONTWRITEBYTECODE=1 PYTHONNOUSERSITE=1 \
    "${EMULATOR[@]}" "/out/python/install/bin/python$PYTHON_MINOR" -m pythonbuild.inside.probe /out/facts.json
