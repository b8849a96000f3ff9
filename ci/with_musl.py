#!/usr/bin/env python3
"""Run a command where programs for musl find what they find on Alpine, its own children included.

    ci/with_musl.py MUSL ZLIB COMMAND...

MUSL is the result of the job `musl` (build/store/musl-*/tree), ZLIB the archive of zlib's source that builds fetch.
musl's loader and libc take the machine's place or are added, `ldd` is musl's, by which programs know that they run on
it, `ldconfig` knows of no libraries, and there is a libz.so.1, which wheels for musllinux take from the system (PEP
656). Needs no root: user and mount namespaces, an overlay, and `cc`.
For a look at a distribution: ci/with_musl.py MUSL ZLIB ./build.py test --ecosystem ARCHIVE
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ci.namespaces import entered, mount

INSIDE = "PYTHONBUILD_WITH_MUSL"
# Where the files are prepared, and the directories that they are laid over.
PLACES = {"lib": "/usr/lib", "bin": "/usr/bin", "sbin": "/usr/sbin"}
# As Alpine's `ldconfig -p`, which has no list: glibc's names libraries that ctypes then can't load.
LDCONFIG = "#!/bin/sh\n"
# What GCC links with `-lncursesw` and so on. CPython 3.13 asks it for their files, which musl can't load.
CURSES = ("libcurses.so", "libncurses.so", "libncursesw.so")


def fill(place: Path, musl: Path, zlib: Path) -> None:
    """Write what is laid over the machine's directories. CalledProcessError where zlib can't be compiled."""
    for name in PLACES:
        (place / name).mkdir()
    loader = next((musl / "sysroot/usr/lib").glob("ld-musl-*.so.1"), None)
    if loader is None:
        sys.exit(f"ci/with_musl.py: no loader of musl in {musl}: MUSL is the tree of that job, with sysroot/usr/lib")
    shutil.copy(loader, place / "lib" / loader.name)
    # musl knows by the name that it is to be ldd (ldso/dynlink.c).
    (place / "bin/ldd").symlink_to(f"/usr/lib/{loader.name}")
    (place / "sbin/ldconfig").write_text(LDCONFIG)
    (place / "sbin/ldconfig").chmod(0o755)
    for file in (file for name in CURSES for file in Path("/usr/lib").glob(f"*-linux-gnu/{name}")):
        (place / file.relative_to("/usr")).parent.mkdir(exist_ok=True)
        (place / file.relative_to("/usr")).touch()
    architecture = loader.name.removeprefix("ld-musl-").removesuffix(".so.1")
    # Debian's musl looks for libraries there, by a file in /etc; without that file musl does in /usr/lib.
    debian = Path(f"/etc/ld-musl-{architecture}.path").exists()
    own = place / "lib" / (f"{architecture}-linux-musl" if debian else "")
    own.mkdir(exist_ok=True)
    if debian:  # the loader in the machine is a link to this file
        shutil.copy(loader, own / "libc.so")
    compile_zlib(zlib, musl / "sysroot/usr/include", own / "libz.so.1", place / "zlib")


def compile_zlib(source: Path, headers: Path, library: Path, work: Path) -> None:
    """Compile all C files of zlib's top directory into a shared library for musl, by the machine's compiler."""
    shutil.unpack_archive(source, work, filter="data")
    files = sorted(map(str, work.glob("*/*.c")))
    words = ["-O2", "-fPIC", "-shared", "-nostdlib", "-nostdinc", "-isystem", str(headers), "-DHAVE_UNISTD_H"]
    subprocess.run(["cc", *words, "-Wl,-soname,libz.so.1", *files, "-o", str(library)], check=True)


def laid(place: Path, command: list[str]) -> list[str]:
    """Lay the prepared files over the machine's, for this namespace: return the command that can run then."""
    del os.environ[INSIDE]  # so that the command can be one of this program
    for name, directory in PLACES.items():
        mount("overlay", Path(directory), f"lowerdir={place / name}:{directory}")
    return command


def main(words: list[str]) -> int:
    """Prepare the files, enter new namespaces, and run the command there."""
    if len(words) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    musl, zlib = (Path(word).resolve() for word in words[:2])
    return entered(
        [__file__, *words],
        INSIDE,
        outside=lambda place: fill(place, musl, zlib),
        inside=lambda place: laid(place, words[2:]),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
