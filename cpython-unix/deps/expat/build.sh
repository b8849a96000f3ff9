# shellcheck shell=bash disable=SC2154
# A version-control archive keeps the library in a directory of its own, without configure.
[ ! -d expat ] || cd expat || exit
[ -x configure ] || ./buildconf.sh
./configure --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
    --disable-shared --enable-static --with-pic --without-xmlwf --without-examples --without-tests --without-docbook
make -j"$NUM_JOBS"
make DESTDIR=/out install
