# shellcheck shell=bash disable=SC2154
install -D -m 755 -t /out/tools/host/bin "usr/bin/$PROGRAM"
# Loaders look in /lib, /lib64, /usr/lib and a directory of that with the processor's name: all are one here.
mkdir -p /out/tools/emulator/lib
ln -s lib /out/tools/emulator/lib64
ln -s . /out/tools/emulator/usr
shopt -s nullglob
for package in /in/sources/lib*; do
    llvm-ar p "$package" data.tar.xz > /build/data.tar.xz
    tar -xJf /build/data.tar.xz -C /build --no-same-owner ./usr
done
for library in /build/usr/*/lib/*.so*; do
    cp -a "$library" /out/tools/emulator/lib/
done
