"""A typed module compiled to C by mypyc; the compiled one must be what is imported."""

import subprocess
import sys
from pathlib import Path

Path("typed.py").write_text(
    """
class Stack:
    def __init__(self) -> None:
        self.items: list[int] = []

    def push(self, item: int) -> "Stack":
        self.items.append(item)
        return self

def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)
"""
)
subprocess.run([sys.executable, "-m", "mypyc", "typed.py"], check=True)
Path("typed.py").unlink()
sys.path.insert(0, ".")
import typed  # noqa: E402 - the compiled one, since the other is gone

assert typed.__file__.endswith(".so"), typed.__file__
assert typed.fib(20) == 6765
assert typed.Stack().push(3).push(4).items == [3, 4]
refused = False
try:
    typed.fib("x")
except TypeError:
    refused = True
assert refused, "a compiled function took the wrong type"
