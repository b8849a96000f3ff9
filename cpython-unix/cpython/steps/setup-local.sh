# shellcheck shell=bash disable=SC2154
# Compare the modules that we name with those that this CPython has, both ways, and write for each of them
# whether it goes into the interpreter, into a file or nowhere.
PYTHONPATH=/in/inside python3 -m pythonbuild.inside.setup_modules write \
    --modules=/in/extension-modules.json --source="$SOURCE" --output=Modules/Setup.local
cat Modules/Setup.local
