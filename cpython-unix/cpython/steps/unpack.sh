# shellcheck shell=bash disable=SC2154,SC2164
# Unpack CPython and apply the patches that were selected for this version and target, in their order.
mkdir -p "$SOURCE"
tar -xf "$SOURCE_ARCHIVE" -C "$SOURCE" --strip-components=1 --no-same-owner
cd "$SOURCE"
for patch in "${PATCHES[@]}"; do
    echo "patch ${patch##*/}"
    patch -p1 --fuzz=0 --no-backup-if-mismatch --input="$patch"
done
