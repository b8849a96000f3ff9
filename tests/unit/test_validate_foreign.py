"""Mach-O and PE: hand-made files, pip's launchers and, where there is a network, real files out of wheels."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pythonbuild.errors import ValidationError
from pythonbuild.fetching_pip import download_wheel
from pythonbuild.validate.checks import checks_of, name_of, run
from pythonbuild.validate.foreign import MachLimits, MachO, MachSegment, Pe, PeLimits, Version
from pythonbuild.validate.foreign_checks import MACHO_CHECKS, PE_CHECKS
from pythonbuild.validate.macho import macho_format, read_macho
from pythonbuild.validate.model import Form, Limits, Tree
from pythonbuild.validate.pe import is_pe, read_pe
from tests.unit.binaries import ARM64, LAUNCHERS, SYSTEM, X86_64, dylib, macho, universal

if TYPE_CHECKING:
    from pathlib import Path

MAC = Limits(
    triple="aarch64-apple-darwin",
    machine="",
    allowed_needed=frozenset(),
    macho=MachLimits(
        machine="ARM64", deployment_target=Version((11, 0)), dylibs={SYSTEM: Version((1, 0))}, signed=True
    ),
)
WINDOWS = Limits(
    triple="x86_64-pc-windows-msvc",
    machine="",
    allowed_needed=frozenset(),
    pe=PeLimits(
        machine="AMD64", dlls=frozenset({"kernel32.dll", "VCRUNTIME140.dll", "api-ms-win-crt-runtime-l1-1-0.dll"})
    ),
)
DYLIB, PYD, DLL = "python/lib/libx.dylib", "python/DLLs/_a.cp314-win_amd64.pyd", "python/python314.dll"
API = frozenset({"Py_Initialize", "PyList_New", "Py_CompileString"})


def mac(*slices: MachO) -> Tree:
    return Tree(name="x", form=Form(compression="zstd"), entries=(), macho={DYLIB: slices})


def windows(path: str, one: Pe) -> Tree:
    files = {path: one, DLL: PYTHON_DLL} if path != DLL else {path: one}
    return Tree(name="x", form=Form(compression="zstd"), entries=(), pe=files)


def found(tree: Tree, limits: Limits) -> dict[str, str]:
    """Return the findings of the checks of Mach-O and PE alone: nothing else of the tree is real."""
    names = {name_of(check) for check in (*MACHO_CHECKS, *PE_CHECKS)}
    return {one.check: one.message for one in run(tree, limits) if one.check in names}


GOOD_MAC = read_macho(macho())[0]
PYTHON_DLL = Pe(
    machine="AMD64", dll=True, imports=("KERNEL32.dll",), exports=API, dynamic_base=True, high_entropy=True, nx=True
)
EXTENSION = replace(PYTHON_DLL, imports=("python314.dll", "VCRUNTIME140.dll"), exports=frozenset({"PyInit__a"}))


def test_facts_of_a_dylib() -> None:
    assert macho_format(macho()[:16]) == "macho"
    assert (
        MachO(
            machine="ARM64",
            kind="DYLIB",
            platform="MACOS",
            minimum=Version((11, 0, 0)),
            sdk=Version((15, 5, 0)),
            identity="@rpath/libx.dylib",
            dylibs=GOOD_MAC.dylibs,
            rpaths=("@loader_path/../lib",),
            signed=True,
            padding=GOOD_MAC.padding,
            segments=(MachSegment(name="__TEXT", initial="RX", maximal="RX"),),
        )
        == GOOD_MAC
    )
    assert [(one.name, str(one.compatibility), one.weak) for one in GOOD_MAC.dylibs] == [(SYSTEM, "1.0", False)]
    (weak,) = read_macho(macho(loads=(dylib(0x80000018, SYSTEM),)))[0].dylibs
    assert weak.weak


def test_universal_files_and_objects() -> None:
    both = read_macho(universal((ARM64, macho()), (X86_64, macho(machine=X86_64))))
    assert [one.machine for one in both] == ["ARM64", "X86_64"]
    assert macho_format(macho(kind=1)[:16]) == "macho-object"
    # The first bytes of a class of Java are those of a universal file.
    assert macho_format(bytes.fromhex("cafebabe00000034") + bytes(8)) is None


def test_versions_are_compared_by_their_numbers() -> None:
    assert Version.parse("10.15") < Version((11,))
    assert not Version((11, 0)) < Version((11, 0, 0))
    assert Version((11, 0, 1)) > Version((11,))


def test_the_good_files_pass() -> None:
    assert found(mac(GOOD_MAC), MAC) == {}
    assert found(windows(PYD, EXTENSION), WINDOWS) == {}
    assert found(windows("python/Lib/site-packages/pip/_vendor/distlib/t32.exe", read_launcher("t32")), WINDOWS) == {}


def test_each_target_has_the_checks_of_its_files() -> None:
    tree = mac(GOOD_MAC)
    assert set(MACHO_CHECKS) <= set(checks_of(tree, MAC))
    assert set(PE_CHECKS) <= set(checks_of(tree, WINDOWS))
    assert not set(MACHO_CHECKS) & set(checks_of(tree, replace(MAC, macho=None)))


MACHO_FAILING: list[tuple[str, str, dict[str, Any]]] = [
    ("macho-machine", "is for X86_64", {"machine": X86_64}),
    ("macho-deployment-target", "wants macOS 12.3", {"minimum": 0x0C0300}),
    ("macho-libraries", "not in the allow list", {"loads": (dylib(12, "/usr/local/lib/libssl.dylib"),)}),
    ("macho-libraries", "not in the distribution", {"loads": (dylib(12, "@rpath/liby.dylib"),)}),
    ("macho-libraries", "the highest is 1.0", {"loads": (dylib(12, SYSTEM, 0x20000),)}),
    ("macho-search-paths", "calls itself /install", {"identity": "/install/lib/libx.dylib"}),
    ("macho-search-paths", "calls itself nothing", {"identity": None}),
    ("macho-search-paths", "not relative", {"rpaths": ("/opt/lib",)}),
    ("macho-signature", "no code signature", {"signed": False}),
    ("macho-memory", "protection RWX", {"protection": 7}),
    ("macho-memory", "flat namespace", {"flags": 0x05}),
]


@pytest.mark.parametrize(("check", "message", "changes"), MACHO_FAILING)
def test_each_defect_of_a_dylib_is_found(check: str, message: str, changes: dict[str, Any]) -> None:
    assert message in found(mac(*read_macho(macho(**changes))), MAC)[check]


MACHO_FACTS: list[tuple[str, str, MachO]] = [
    ("macho-deployment-target", "does not name", replace(GOOD_MAC, platform="")),
    ("macho-signature", "has room for 8", replace(GOOD_MAC, padding=8)),
    ("macho-hidden-symbols", "SSL_read", replace(GOOD_MAC, exported=frozenset({"_SSL_read", "_PyInit_x"}))),
]


@pytest.mark.parametrize(("check", "message", "facts"), MACHO_FACTS)
def test_defects_in_facts_alone(check: str, message: str, facts: MachO) -> None:
    assert message in found(mac(facts), MAC)[check]


def test_universal_files_are_not_for_one_target() -> None:
    assert "universal" in found(mac(GOOD_MAC, GOOD_MAC), MAC)["macho-machine"]


PE_FAILING: list[tuple[str, str, str, Pe]] = [
    ("pe-machine", "is for I386", PYD, replace(EXTENSION, machine="I386")),
    ("pe-libraries", "libssl-3.dll", PYD, replace(EXTENSION, imports=("libssl-3.dll",))),
    ("pe-libraries", "late.dll", PYD, replace(EXTENSION, delayed=("late.dll",))),
    ("pe-memory", "fixed address", PYD, replace(EXTENSION, dynamic_base=False)),
    ("pe-memory", "32 bits only", PYD, replace(EXTENSION, high_entropy=False)),
    ("pe-memory", "data be executed", PYD, replace(EXTENSION, nx=False)),
    ("pe-memory", "section .rwx", PYD, replace(EXTENSION, writable_code=(".rwx",))),
    ("pe-exports", "does not export PyInit__a", PYD, replace(EXTENSION, exports=frozenset())),
    ("pe-exports", "does not export PyList_New", DLL, replace(PYTHON_DLL, exports=API - {"PyList_New"})),
    ("pe-exports", "exports PyInit_zlib", DLL, replace(PYTHON_DLL, exports=API | {"PyInit_zlib"})),
]


@pytest.mark.parametrize(("check", "message", "path", "facts"), PE_FAILING)
def test_each_defect_of_a_dll_is_found(check: str, message: str, path: str, facts: Pe) -> None:
    assert message in found(windows(path, facts), WINDOWS)[check]


def test_every_check_can_fail() -> None:
    assert {name_of(check) for check in MACHO_CHECKS} == {row[0] for row in (*MACHO_FAILING, *MACHO_FACTS)}
    assert {name_of(check) for check in PE_CHECKS} == {row[0] for row in PE_FAILING}


def read_launcher(name: str) -> Pe:
    return read_pe((LAUNCHERS / f"{name}.exe").read_bytes())


@pytest.mark.parametrize(("name", "machine", "entropy"), [("t32", "I386", False), ("w64-arm", "ARM64", True)])
def test_facts_of_real_programs_for_windows(name: str, machine: str, entropy: bool) -> None:  # noqa: FBT001
    facts = read_launcher(name)
    assert (facts.machine, facts.dll, facts.high_entropy, facts.dynamic_base, facts.nx) == (
        machine, False, entropy, True, True,
    )  # fmt: skip
    assert "KERNEL32.dll" in facts.imports
    assert facts.subsystem == ("WINDOWS_GUI" if name.startswith("w") else "WINDOWS_CUI")


@pytest.mark.parametrize("data", [b"", b"MZ", b"MZ" + bytes(62), b"MZ" + b"\xff" * 100])
def test_not_a_program_for_windows(data: bytes) -> None:
    assert not is_pe(data)
    with pytest.raises(ValidationError, match="not a readable PE file"):
        read_pe(data)


@pytest.mark.parametrize("data", [b"", macho()[:20], b"\xca\xfe\xba\xbe" + bytes(40)])
def test_not_a_mach_o_file(data: bytes) -> None:
    with pytest.raises(ValidationError, match="not a readable Mach-O file"):
        read_macho(data)


WHEELS = {
    "markupsafe-3.0.3-cp313-cp313-macosx_10_13_x86_64.whl": (
        11622, "e1cf1972137e83c5d4c136c43ced9ac51d0e124706ee1c8aa8532c1287fa8795", ["X86_64"],
    ),
    "markupsafe-3.0.3-cp313-cp313-macosx_11_0_arm64.whl": (
        12029, "116bb52f642a37c115f517494ea5feb03889e04df47eeff5b130b1808ce7c219", ["ARM64"],
    ),
    "MarkupSafe-2.1.5-cp312-cp312-macosx_10_9_universal2.whl": (
        18215, "8dec4936e9c3100156f8a2dc89c4b88d5c435175ff03413b443469c7c8c5f4d1", ["X86_64", "ARM64"],
    ),
    "markupsafe-3.0.3-cp313-cp313-win32.whl": (
        14543, "bdd37121970bfd8be76c5fb069c7751683bdf373db1ed6c010162b2a130248ed", ["I386"],
    ),
    "markupsafe-3.0.3-cp313-cp313-win_amd64.whl": (
        15113, "9a1abfdc021a164803f4d485104931fb8f8c1efd55bc6b748d2f5774e78b62c5", ["AMD64"],
    ),
    "markupsafe-3.0.3-cp313-cp313-win_arm64.whl": (
        13911, "7e68f88e5b8799aa49c85cd116c932a1ac15caaa3f5db09087854d218359e485", ["ARM64"],
    ),
}  # fmt: skip


def module_in(folder: Path, file: str) -> bytes:
    """Return the one extension module in a wheel from PyPI."""
    size, sha256, _ = WHEELS[file]
    path = folder / file
    download_wheel(f"markupsafe=={file.split('-')[1]}", file, sha256, path)
    assert path.stat().st_size == size
    with zipfile.ZipFile(path) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith((".so", ".pyd")))
        return wheel.read(name)


@pytest.mark.network
@pytest.mark.parametrize("file", [name for name in WHEELS if "macosx" in name])
def test_real_files_of_macos(tmp_path: Path, file: str) -> None:
    every = read_macho(module_in(tmp_path, file))
    assert [one.machine for one in every] == WHEELS[file][2]
    for one in every:
        assert (one.kind, one.platform, one.two_level, one.rpaths) == ("BUNDLE", "MACOS", True, ())
        assert [library.name for library in one.dylibs] == [SYSTEM]
        assert one.signed == (one.machine == "ARM64")
        assert one.exported == {"_PyInit__speedups"}
        assert any(name.startswith("_PyModule") for name in one.imported)
        limits = replace(MAC.macho, machine=one.machine, signed=one.signed) if MAC.macho else None
        assert found(mac(one), replace(MAC, macho=limits)) == {}


@pytest.mark.network
@pytest.mark.parametrize("file", [name for name in WHEELS if "-win" in name])
def test_real_files_of_windows(tmp_path: Path, file: str) -> None:
    one = read_pe(module_in(tmp_path, file))
    assert [one.machine] == WHEELS[file][2]
    assert one.imports == ("python313.dll", "KERNEL32.dll", "VCRUNTIME140.dll", "api-ms-win-crt-runtime-l1-1-0.dll")
    assert (one.dll, one.dynamic_base, one.nx, one.high_entropy) == (True, True, True, one.machine != "I386")
    assert one.exports == {"PyInit__speedups"}
    limits = replace(WINDOWS.pe, machine=one.machine) if WINDOWS.pe else None
    path = "python/DLLs/_speedups.pyd"
    tree = windows(path, replace(one, imports=tuple(name for name in one.imports if name != "python313.dll")))
    assert found(replace(tree, pe={path: tree.pe[path]}), replace(WINDOWS, pe=limits)) == {}
