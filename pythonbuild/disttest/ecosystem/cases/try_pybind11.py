"""A C++ extension compiled from source by setuptools with what sysconfig says: containers, exceptions, a class."""

import subprocess
import sys
from pathlib import Path

Path("shapes.cpp").write_text(
    """
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <numeric>
#include <stdexcept>
#include <vector>
namespace py = pybind11;

struct Counter {
    int value = 0;
    int next() { return ++value; }
};

PYBIND11_MODULE(shapes, m) {
    m.def("total", [](const std::vector<double>& v) { return std::accumulate(v.begin(), v.end(), 0.0); });
    m.def("refuse", []() -> void { throw std::out_of_range("no such shape"); });
    m.def("apply", [](py::function f, int n) { return f(n); });
    py::class_<Counter>(m, "Counter").def(py::init<>()).def("next", &Counter::next);
}
"""
)
Path("setup.py").write_text(
    """
from pybind11.setup_helpers import Pybind11Extension, build_ext
from setuptools import setup
setup(name="shapes", ext_modules=[Pybind11Extension("shapes", ["shapes.cpp"], cxx_std=17)],
      cmdclass={"build_ext": build_ext})
"""
)
subprocess.run([sys.executable, "setup.py", "build_ext", "--inplace"], check=True)
sys.path.insert(0, ".")
import shapes  # noqa: E402 - it exists since the line above

assert shapes.total([0.5, 1.5, 3]) == 5.0
assert shapes.apply(lambda n: n * 2, 21) == 42
counter = shapes.Counter()
assert [counter.next(), counter.next()] == [1, 2]
try:
    shapes.refuse()
except IndexError as error:
    assert str(error) == "no such shape"
else:
    raise AssertionError("the C++ exception was lost")
