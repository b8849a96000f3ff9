"""Facts of processes, read by C code."""

import os
import subprocess
import sys

import psutil

own = psutil.Process()
assert own.pid == os.getpid()
assert os.path.realpath(own.exe()) == os.path.realpath(sys.executable)
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
try:
    assert child.pid in {process.pid for process in own.children()}
    assert psutil.Process(child.pid).ppid() == own.pid
finally:
    child.communicate(b"\n")
assert psutil.virtual_memory().total > 1 << 20
assert psutil.cpu_count() >= 1
assert own.memory_info().rss > 1 << 20
