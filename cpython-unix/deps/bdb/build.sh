# shellcheck shell=bash disable=SC2154
# Its own __atomic_compare_exchange collides with the compiler's builtin of that name.
sed -i 's/__atomic_compare_exchange(/__atomic_compare_exchange_db(/' src/dbinc/atomic.h
# Code and configure tests are older than C99: no prototypes, implicit int.
CFLAGS+=" -std=gnu89 -Wno-error=implicit-function-declaration -Wno-error=implicit-int -Wno-error=int-conversion"
CFLAGS+=" -Wno-error=incompatible-pointer-types -Wno-deprecated-non-prototype"
# Its list of systems knows neither musl nor the newer processors.
cp /usr/share/misc/config.guess /usr/share/misc/config.sub dist/
mkdir -p /build/bdb-build
cd /build/bdb-build
"$SOURCE/dist/configure" --build="$BUILD_TRIPLE" --host="$HOST_TRIPLE" --prefix="$PREFIX" --libdir="$PREFIX/lib" \
    --enable-dbm --disable-shared --enable-static --with-pic --disable-replication --disable-java --disable-tcl \
    --disable-cxx --disable-partition --without-cryptography --disable-queue --disable-heap --disable-compression \
    --disable-statistics --disable-verify ac_cv_func_pthread_yield=no
make -j"$NUM_JOBS" libdb.a
make DESTDIR=/out install_include
install -D -m 644 libdb.a "/out$PREFIX/lib/libdb.a"
