# shellcheck shell=bash disable=SC2154
# The last -march wins: this object must run everywhere.
mkdir -p /out/tools/toolchain
$CC -march=x86-64 -O2 -fPIC -fno-stack-protector -fvisibility=hidden "-DLEVEL=$LEVEL" "-DELSEWHERE=\"$LEVEL_ELSEWHERE\"" \
    -c /in/recipe/cpu-level.c -o /out/tools/toolchain/cpu-level.o
