# shellcheck shell=bash disable=SC2154
read -r -a options <<< "$OPENSSL_OPTIONS"
./Configure "$OPENSSL_TARGET" --prefix="$PREFIX" --libdir=lib --openssldir="$OPENSSL_DIRECTORY" "${options[@]}"

# Paths of this build would end up in the library: of modules to load, and in the flags that it reports.
places=(ENGINESDIR="$OPENSSL_DIRECTORY/engines-3" MODULESDIR="$OPENSSL_DIRECTORY/ossl-modules")
make "${places[@]}" build_generated crypto/buildinf.h
perl util/mkbuildinf.pl clang "$OPENSSL_TARGET" > crypto/buildinf.h
make -j"$NUM_JOBS" "${places[@]}" build_libs
make DESTDIR=/out install_dev

# Functions written in assembler have no visibility: the compiler's flag passes them by.
library="/out$PREFIX/lib/libcrypto.a"
"$NM" --defined-only --extern-only --format=just-symbols "$library" | sed '/^$/d; /:$/d' | sort -u > /build/defined
"$OBJCOPY" --set-symbols-visibility=/build/defined=hidden "$library"
