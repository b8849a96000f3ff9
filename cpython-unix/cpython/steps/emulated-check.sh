# shellcheck shell=bash disable=SC2154
# As check.sh, but for the tests, which take too long under an emulator.
PYTHONPATH=/in/inside "${EMULATOR[@]}" ./python -m pythonbuild.inside.answers check
llvm-readelf --program-headers --wide python | grep -E 'GNU_STACK.* RW +' || { echo 'the stack is executable'; exit 1; }
