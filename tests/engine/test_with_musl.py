"""ci/with_musl.py: programs for musl find a libz.so.1 and musl's ldd, in a namespace of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "ci" / "with_musl.py"
HEADERS = Path("/usr/include/x86_64-linux-musl")
LOADER = Path("/lib/ld-musl-x86_64.so.1")
PROGRAM = "extern int answer(void);\nint main(void) { return answer() == 42 ? 7 : 1; }\n"


def with_musl(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(SCRIPT), *map(str, words)], capture_output=True, text=True, check=False)


@pytest.fixture
def musl(tmp_path: Path) -> Path:
    """Return a tree like that of the job `musl`, made of the machine's own musl."""
    if shutil.which("musl-gcc") is None or not LOADER.exists():
        pytest.skip("this machine has no musl-gcc (Debian: musl-tools)")
    if subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"], check=False).returncode:
        pytest.skip("this machine has no namespaces")
    usr = tmp_path / "musl/sysroot/usr"
    (usr / "lib").mkdir(parents=True)
    shutil.copy(LOADER, usr / "lib" / LOADER.name)
    (usr / "include").symlink_to(HEADERS)
    return tmp_path / "musl"


@pytest.fixture
def zlib(tmp_path: Path) -> Path:
    """Return an archive that is laid out like zlib's source."""
    source = tmp_path / "source/zlib-1"
    source.mkdir(parents=True)
    (source / "answer.c").write_text("#include <unistd.h>\nint answer(void) { return 42; }\n")
    path = tmp_path / "zlib.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.add(source, "zlib-1")
    return path


def test_a_program_finds_the_library_only_inside(tmp_path: Path, musl: Path, zlib: Path) -> None:
    (tmp_path / "program.c").write_text(PROGRAM)
    (tmp_path / "answer.c").write_text("int answer(void) { return 0; }\n")
    library = tmp_path / "libz.so"  # only to link with
    words = ["musl-gcc", "-shared", "-fPIC", "-Wl,-soname,libz.so.1", str(tmp_path / "answer.c"), "-o", str(library)]
    subprocess.run(words, check=True)
    program = tmp_path / "program"
    subprocess.run(["musl-gcc", str(tmp_path / "program.c"), str(library), "-o", str(program)], check=True)
    assert with_musl(musl, zlib, program).returncode == 7
    assert subprocess.run([program], check=False, capture_output=True).returncode not in {0, 7}


def test_ldconfig_names_no_library_inside(musl: Path, zlib: Path) -> None:
    outside = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    inside = with_musl(musl, zlib, "/sbin/ldconfig", "-p")
    assert "libc.so.6" in outside.stdout
    assert (inside.returncode, inside.stdout) == (0, "")


def test_ldd_is_that_of_musl_inside(musl: Path, zlib: Path) -> None:
    inside = with_musl(musl, zlib, "ldd")
    assert inside.stderr.startswith("musl libc"), inside
    outside = subprocess.run(["ldd"], capture_output=True, text=True, check=False)
    assert "musl" not in outside.stderr


def test_what_is_wrong_is_said_in_a_line(tmp_path: Path, musl: Path, zlib: Path) -> None:
    for words, message in (
        ((tmp_path, zlib, "true"), "no loader of musl in"),
        ((musl, tmp_path / "absent.tar.gz", "true"), "absent.tar.gz"),
        ((musl, SCRIPT, "true"), "Unknown archive format"),
        ((musl,), "Run a command where"),
    ):
        done = with_musl(*words)
        assert done.returncode in {1, 2}
        assert message in done.stderr
        assert "Traceback" not in done.stderr
