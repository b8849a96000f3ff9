# shellcheck shell=bash disable=SC2154
# Objects, libraries and their description, for linking Python into other programs.
# The words are make's to expand.
# shellcheck disable=SC2016
make --silent --eval='print-objects: ; @printf "%s\n" $(LIBRARY_OBJS)' print-objects > /build/library-objects
PYTHONPATH=/in/inside python3 -m pythonbuild.inside.objects --source="$SOURCE" --libraries="$PREFIX/lib" \
    --prefix=/out/python/install --library-objects=/build/library-objects --modules=/in/extension-modules.json \
    --output=/out/python/build --core=/out/core.json --extensions=/out/extensions.json --format="$OBJECT_FILE_FORMAT"
cp /in/inside/pythonbuild/inside/run_tests.py /out/python/build/run_tests.py
