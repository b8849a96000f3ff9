# shellcheck shell=bash disable=SC2154
# Compare the modules that we name with those that this CPython has, both ways, and write what differs
# from Setup.stdlib's "everything static": the shared and the disabled ones.
PYTHONPATH=/in/inside python3 -m pythonbuild.inside.setup_modules write \
    --modules=/in/extension-modules.json --source="$SOURCE" --output=Modules/Setup.local
cat Modules/Setup.local
