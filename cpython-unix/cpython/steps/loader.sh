# shellcheck shell=bash disable=SC2154
# Until here the interpreter ran with the loader of the build environment. Its name gives way to that of the system's
# loader, which is shorter: zeros fill what is left, so that nothing in the file moves.
for file in /out/python/install/bin/*; do
    if [ -L "$file" ] || [ "$(head -c 4 "$file" | tail -c 3)" != ELF ]; then continue; fi
    llvm-objcopy --dump-section .interp=/build/interp "$file"
    { cat "/tools/toolchain/$TARGET.loader"; head -c "$(stat -c %s /build/interp)" /dev/zero; } |
        head -c "$(stat -c %s /build/interp)" > /build/interp.new
    llvm-objcopy --update-section .interp=/build/interp.new "$file"
done
