"""An extension compiled from source with cffi's API mode, and a callback in its ABI mode."""

import sys

import cffi

builder = cffi.FFI()
builder.cdef("int squares(int n); double c_sqrt(double x);")
builder.set_source(
    "_built",
    """
    #include <math.h>
    static int squares(int n) { int s = 0; for (int i = 1; i <= n; i++) s += i * i; return s; }
    static double c_sqrt(double x) { return sqrt(x); }
    """,
    libraries=["m"],
)
built = builder.compile(verbose=True)
assert built.endswith(".so"), built
sys.path.insert(0, ".")
from _built import lib  # noqa: E402 - it exists since the line above

assert lib.squares(10) == 385
assert lib.c_sqrt(2.25) == 1.5

direct = cffi.FFI()
direct.cdef("void qsort(void *, size_t, size_t, int (*)(const void *, const void *));")
numbers = direct.new("int[]", [3, 1, 2])


@direct.callback("int(const void *, const void *)")
def compare(left, right):
    """Order two ints."""
    return direct.cast("int *", left)[0] - direct.cast("int *", right)[0]


direct.dlopen(None).qsort(numbers, 3, direct.sizeof("int"), compare)
assert list(numbers) == [1, 2, 3]
