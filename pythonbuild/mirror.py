"""Which Debian mirrors this machine knows: read from its apt configuration, never written here.

The formats are those of sources.list(5): one-line ``*.list`` files and deb822 ``*.sources`` files.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pythonbuild.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Names of suites of Debian's main archive; a vendor's archive mostly has others.
SUITES = frozenset(
    {"stable", "oldstable", "oldoldstable", "testing", "unstable", "sid", "experimental"}
    | {"buster", "bullseye", "bookworm", "trixie", "forky", "duke"}
)
VARIANT = re.compile(r"-(updates|backports|proposed-updates)$")
ONE_LINE = re.compile(r"^deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)$")
FIELD = re.compile(r"^(?P<name>[A-Za-z-]+):\s*(?P<value>.*)$")
INDIRECT = "mirror+file:"
APT_ROOT = Path("/etc/apt")


def debian_mirrors(setting: str | None = None, apt_root: Path = APT_ROOT) -> list[str]:
    """Return base addresses of Debian archives (what lies above ``dists`` and ``pool``), best first.

    ``setting`` is an address that the user gave; it comes before those of the apt configuration below
    ``apt_root``. Addresses that end in ``/debian`` come before others, which may be a vendor's.
    ``BuildError`` when there is none at all.
    """
    found = [address for file in configuration(apt_root) for address in addresses(file)]
    found.sort(key=lambda address: not address.endswith("/debian"))
    mirrors = dict.fromkeys([*([setting.rstrip("/")] if setting else []), *found])
    if not mirrors:
        raise BuildError(
            "no Debian mirror is known: this machine's apt configuration names none",
            hint="name one with --debian-mirror, or in PYTHONBUILD_DEBIAN_MIRROR",
        )
    return list(mirrors)


def configuration(apt_root: Path) -> list[Path]:
    """Return the files that apt reads, in its order."""
    folder = apt_root / "sources.list.d"
    files = [apt_root / "sources.list", *sorted([*folder.glob("*.list"), *folder.glob("*.sources")])]
    return [file for file in files if file.is_file()]


def addresses(file: Path) -> Iterator[str]:
    """Yield the addresses of Debian's main archive that ``file`` names."""
    text = file.read_text(encoding="utf-8", errors="replace")
    entries = deb822_entries(text) if file.suffix == ".sources" else one_line_entries(text)
    for uri, suites, components in entries:
        if "main" in components and any(VARIANT.sub("", suite) in SUITES for suite in suites):
            yield from (address.rstrip("/") for address in resolved(uri) if is_archive(address))


def one_line_entries(text: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield (address, suites, components) of a one-line-style file."""
    for line in text.splitlines():
        match = ONE_LINE.match(line.partition("#")[0].strip())
        if match:
            yield match["uri"], [match["suite"]], match["components"].split()


def deb822_entries(text: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield (address, suites, components) of a deb822-style file, without entries that are switched off."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            match = FIELD.match(line)
            if match:
                name = match["name"].lower()
            fields[name] = f"{fields.get(name, '')} {match['value'] if match else line.strip()}"
        if fields.get("enabled", "").strip().lower() in ("no", "false"):
            continue
        for uri in fields.get("uris", "").split():
            yield uri, fields.get("suites", "").split(), fields.get("components", "").split()


def resolved(uri: str) -> list[str]:
    """Return the addresses behind ``uri``: itself, or the lines of the mirror list that it names."""
    if not uri.startswith(INDIRECT):
        return [uri]
    listing = Path(uri.removeprefix(INDIRECT))
    if not listing.is_file():
        return []
    lines = listing.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


def is_archive(address: str) -> bool:
    """Return whether ``address`` can be fetched from, and is not the security archive (it has no main pool)."""
    return address.startswith(("http://", "https://")) and not address.rstrip("/").endswith("-security")
