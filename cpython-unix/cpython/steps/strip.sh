# shellcheck shell=bash disable=SC2154,SC2164
# A second copy of the ELF files without debug information and symbols of linking: an overlay for the archives that
# only run. What was taken out lies by build-id, as debuggers and debuginfod servers look for it.
cd /out/python/install
find . -type f \( -path './bin/*' -o -name '*.so' -o -name '*.so.*' \) -print | while read -r file; do
    if [ "$(head -c 4 "$file" | tail -c 3)" = ELF ]; then
        id=$(llvm-readelf --notes "$file" | sed -n 's/.*Build ID: //p')
        [ -n "$id" ] || { echo "$file has no build-id"; exit 1; }
        debug=/out/debug/.build-id/${id:0:2}/${id:2}.debug
        mkdir -p "/out/stripped/${file%/*}" "${debug%/*}"
        "${SPLIT_DEBUG[@]}" --only-keep-debug "$file" "$debug"
        llvm-strip --strip-unneeded -o "/out/stripped/$file" "$file"
        llvm-objcopy --add-gnu-debuglink="$debug" "/out/stripped/$file"
    fi
done
