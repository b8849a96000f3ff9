"""A module compiled from source with cythonize, and an embedding program as ``cython --embed`` makes it."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

Path("fast.pyx").write_text(
    """
# cython: language_level=3
def primes(int limit):
    cdef int n, d
    found = []
    for n in range(2, limit):
        for d in range(2, n):
            if n % d == 0:
                break
        else:
            found.append(n)
    return found

cdef class Point:
    cdef public double x, y
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __add__(self, Point other):
        return Point(self.x + other.x, self.y + other.y)
"""
)
Path("setup.py").write_text(
    """
from Cython.Build import cythonize
from setuptools import setup
setup(name="fast", ext_modules=cythonize("fast.pyx"))
"""
)
subprocess.run([sys.executable, "setup.py", "build_ext", "--inplace"], check=True)
sys.path.insert(0, ".")
import fast  # noqa: E402 - it exists since the line above

assert fast.primes(20) == [2, 3, 5, 7, 11, 13, 17, 19]
point = fast.Point(1, 2) + fast.Point(3, 4)
assert (point.x, point.y) == (4.0, 6.0)

# A program with the interpreter inside, linked as python3-config would.
Path("main.pyx").write_text("import sys\nprint('embedded', 6 * 7, sys.version_info[1])\n")
subprocess.run([sys.executable, "-m", "cython", "-3", "--embed", "main.pyx", "-o", "main.c"], check=True)
where = sysconfig.get_config_var("LIBDIR")
assert Path(where).is_dir(), where
compiler = os.environ.get("CC") or sysconfig.get_config_var("CC").split()[0]
name = sysconfig.get_config_var("LDVERSION")
subprocess.run(
    [compiler, "main.c", "-o", "main", f"-I{sysconfig.get_path('include')}", f"-L{where}", f"-lpython{name}",
     f"-Wl,-rpath,{where}"],
    check=True,
)  # fmt: skip
home = {"PYTHONHOME": sys.base_prefix}
done = subprocess.run(["./main"], check=True, capture_output=True, text=True, env=home)
assert done.stdout.split() == ["embedded", "42", str(sys.version_info[1])], done
