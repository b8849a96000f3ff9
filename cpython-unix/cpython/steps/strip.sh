# shellcheck shell=bash disable=SC2154,SC2164
# A second copy of the ELF files, without debug information: an overlay for the archives that only run.
cd /out/python/install
find . -type f \( -path './bin/*' -o -name '*.so' -o -name '*.so.*' \) -print | while read -r file; do
    if [ "$(head -c 4 "$file" | tail -c 3)" = ELF ]; then
        mkdir -p "/out/stripped/${file%/*}"
        llvm-strip --strip-debug -o "/out/stripped/$file" "$file"
    fi
done
