# shellcheck shell=bash disable=SC2154
# A version-control archive has no configure yet.
[ -x configure ] || autoreconf --force --install --verbose
./configure --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
    --disable-shared --enable-static --with-pic --disable-docs --disable-multi-os-directory
# The top makefile guesses another triple for its build directory than configure did.
make -C "$HOST_TRIPLE" -j"$NUM_JOBS"
make -C "$HOST_TRIPLE" DESTDIR=/out install
