# shellcheck shell=bash disable=SC2154
# Algorithms stay as upstream enables them; providers are linked in, since there is no place to load them from.
# The directory of certificates is the host's: /etc/ssl on most systems.
./Configure "$OPENSSL_TARGET" --prefix="$PREFIX" --libdir=lib --openssldir=/etc/ssl \
    no-shared no-module no-tests no-docs no-apps no-autoload-config enable-ec_nistp_64_gcc_128
make -j"$NUM_JOBS" build_libs
make DESTDIR=/out install_dev
