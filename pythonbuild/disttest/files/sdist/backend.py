"""A build backend (PEP 517) of one function: compile probe.c with the recorded command and pack it as a wheel."""

# ruff: noqa: INP001 - the root of a source package, not a package of ours
from __future__ import annotations

import os
import shlex
import subprocess
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

_INFO = "probe_sdist-1.0.dist-info"


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    """Compile with $CC, else the recorded CC, and CFLAGS, AR and LDSHARED; return the file name of the wheel."""
    del config_settings, metadata_directory
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    recorded = shlex.split(sysconfig.get_config_var("CC"))
    linker, *link = shlex.split(sysconfig.get_config_var("LDSHARED"))
    flags = [word for name in ("CFLAGS", "CCSHARED") for word in shlex.split(sysconfig.get_config_var(name) or "")]
    if "CC" in os.environ:
        recorded = [os.environ["CC"]]
        linker, link = os.environ["CC"], [word for word in link if word != "-pthread"]
    include = f"-I{sysconfig.get_paths()['include']}"
    subprocess.run([*recorded, *flags, "-fPIC", include, "-c", "probe.c", "-o", "probe.o"], check=True)
    # As setuptools does for what a package lists as `libraries`.
    archiver, flags = (shlex.split(sysconfig.get_config_var(name)) for name in ("AR", "ARFLAGS"))
    subprocess.run([*archiver, *flags, "libprobe.a", "probe.o"], check=True)
    whole = ("-Wl,--whole-archive", "libprobe.a", "-Wl,--no-whole-archive")
    subprocess.run([linker, *link, *whole, "-o", f"probe{suffix}"], check=True)
    tag = "py3-none-any"
    files = {
        f"{_INFO}/METADATA": "Metadata-Version: 2.1\nName: probe-sdist\nVersion: 1.0\n",
        f"{_INFO}/WHEEL": f"Wheel-Version: 1.0\nGenerator: probe\nRoot-Is-Purelib: false\nTag: {tag}\n",
        f"{_INFO}/RECORD": f"probe{suffix},,\n{_INFO}/METADATA,,\n{_INFO}/WHEEL,,\n{_INFO}/RECORD,,\n",
    }
    name = f"probe_sdist-1.0-{tag}.whl"
    with zipfile.ZipFile(Path(wheel_directory) / name, "w") as wheel:
        wheel.write(f"probe{suffix}")
        for path, text in files.items():
            wheel.writestr(path, text)
    return name
