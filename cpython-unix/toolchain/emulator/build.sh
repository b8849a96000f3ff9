# shellcheck shell=bash disable=SC2154
install -D -m 755 -t /out/tools/host/bin "usr/bin/$PROGRAM"
mkdir -p /out/tools/emulator/usr/lib
ln -s usr/lib /out/tools/emulator/lib
shopt -s nullglob
for package in /in/sources/lib*; do
    llvm-ar p "$package" data.tar.xz | tar -xJf - -C /out/tools/emulator --no-same-owner ./usr/lib
done
