# shellcheck shell=bash disable=SC2154
# For the build machine, so with none of the target's flags.
./configure --prefix=/tools/host CC="$CC_FOR_BUILD" CXX=clang++ CFLAGS=-O1 CXXFLAGS=-O1 CPPFLAGS= LDFLAGS=
make -C lib -j"$NUM_JOBS"
make -C src -j"$NUM_JOBS"
make -C src DESTDIR=/out install
