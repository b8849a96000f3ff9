"""Facts of Mach-O and PE files, and what a target of macOS or Windows allows. No opinions here.

A target that builds such files fills ``MachLimits`` or ``PeLimits`` from its data, as Linux targets fill ``Limits``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Version:
    """A version of macOS or of a library. ``11``, ``11.0`` and ``11.0.0`` are the same."""

    numbers: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        numbers = self.numbers
        while numbers and not numbers[-1]:
            numbers = numbers[:-1]
        object.__setattr__(self, "numbers", numbers)

    @classmethod
    def parse(cls, text: str) -> Version:
        """Return the version that ``text`` spells; ValueError if it is none."""
        return cls(tuple(int(part) for part in text.split(".")))

    def __str__(self) -> str:
        return ".".join(map(str, (*self.numbers, 0, 0)[: max(2, len(self.numbers))]))


@dataclass(frozen=True, kw_only=True)
class Dylib:
    """A library that a Mach-O file loads: install name, compatibility version wanted, and whether it may be absent."""

    name: str
    compatibility: Version = Version()
    weak: bool = False


@dataclass(frozen=True, kw_only=True)
class MachSegment:
    """A segment: protections are subsets of ``RWX`` in that order, those at start and those that can be asked for."""

    name: str
    initial: str
    maximal: str


@dataclass(frozen=True, kw_only=True)
class MachO:
    """Facts of one Mach-O file, or of one architecture in a universal one.

    ``machine`` and ``kind`` are as LIEF names them (``ARM64``, ``DYLIB``); ``minimum`` is the oldest system that it
    runs on and ``sdk`` what it was compiled against (0 where the file doesn't say); ``identity`` is the name that
    programs linked to this library will look for; ``padding`` are the bytes behind the load commands that tools which
    add a search path or a signature may use.
    """

    machine: str
    kind: str
    platform: str = ""
    minimum: Version = Version()
    sdk: Version = Version()
    identity: str | None = None
    dylibs: tuple[Dylib, ...] = ()
    rpaths: tuple[str, ...] = ()
    signed: bool = False
    two_level: bool = True
    padding: int = 0
    segments: tuple[MachSegment, ...] = ()
    imported: frozenset[str] = frozenset()
    exported: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Pe:
    """Facts of one PE program or DLL.

    ``machine`` is as LIEF names it (``AMD64``, ``I386``, ``ARM64``). ``dynamic_base`` is address space layout
    randomization, ``high_entropy`` that of 64 bits, ``nx`` that data is never executed. ``writable_code`` names
    sections that can be written and executed.
    """

    machine: str
    dll: bool
    subsystem: str = ""
    imports: tuple[str, ...] = ()
    delayed: tuple[str, ...] = ()
    exports: frozenset[str] = frozenset()
    dynamic_base: bool = False
    high_entropy: bool = False
    nx: bool = False
    writable_code: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MachLimits:
    """What a macOS target allows.

    ``dylibs`` maps system libraries and frameworks to the highest compatibility version that the oldest system has.
    ``signed`` says whether the kernel refuses files without a signature, as it does on arm64.
    """

    machine: str
    deployment_target: Version
    dylibs: dict[str, Version]
    signed: bool = False


@dataclass(frozen=True, kw_only=True)
class PeLimits:
    """What a Windows target allows: the machine, and DLLs of the system (compared without regard to case)."""

    machine: str
    dlls: frozenset[str]
