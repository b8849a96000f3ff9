"""The signed index of a Debian suite: fetched, verified, and read as far as it is needed.

``InRelease`` is signed by Debian's archive keys and names the sha256 of every ``Packages.xz``
(the page DebianRepository/Format of Debian's wiki).
"""

from __future__ import annotations

import hashlib
import lzma
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from debian.deb822 import Packages, Release
from debian.debian_support import Version

from pythonbuild.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pythonbuild.image.lock import Wanted

KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)
PROVIDED = re.compile(r"([a-z0-9][a-z0-9+.-]+)(?:\s*\(=\s*([^)\s]+)\))?")
TIMEOUT = 60


@dataclass(frozen=True, kw_only=True)
class Index:
    """Packages of a suite, as texts that are parsed when one is looked at.

    ``named`` maps a name to its stanzas; ``provided`` maps a virtual name to (provider, version or "").
    """

    named: dict[str, list[str]]
    provided: dict[str, list[tuple[str, str]]]
    essential: tuple[str, ...]

    def newest(self, name: str) -> Packages | None:
        """Return the newest package called ``name``, if there is one."""
        found = [Packages(stanza) for stanza in self.named.get(name, ())]
        return max(found, key=lambda package: Version(package["Version"]), default=None)


def read_index(texts: Sequence[str]) -> Index:
    """Return an index of the stanzas of some ``Packages`` files."""
    named: dict[str, list[str]] = {}
    provided: dict[str, list[tuple[str, str]]] = {}
    essential = set()
    for text in texts:
        for stanza in text.split("\n\n"):
            if not stanza.startswith("Package: "):
                continue
            name = stanza[9 : stanza.find("\n")].strip()
            named.setdefault(name, []).append(stanza)
            if "\nEssential: yes" in stanza:
                essential.add(name)
            start = stanza.find("\nProvides: ")
            if start >= 0:
                line = stanza[start + 11 : stanza.find("\n", start + 1)]
                for match in PROVIDED.finditer(line):
                    provided.setdefault(match[1], []).append((name, match[2] or ""))
    return Index(named=named, provided=provided, essential=tuple(sorted(essential)))


def fetch_index(
    wanted: Wanted, mirrors: Sequence[str], *, check_valid_until: bool, report: Callable[[str], None]
) -> Index:
    """Return the index of ``wanted.suite`` from the first mirror that gives a good one.

    ``FetchError`` with each mirror's reason when none does.
    """
    reasons = []
    for mirror in mirrors:
        try:
            return read_index(index_texts(mirror, wanted, check_valid_until=check_valid_until, report=report))
        except (OSError, ValueError, lzma.LZMAError) as error:
            reasons.append(f"{mirror}: {getattr(error, 'reason', None) or error}")
    raise FetchError(
        f"no index of Debian {wanted.suite} can be had: {'; '.join(reasons)}",
        hint="name another mirror with --debian-mirror",
    )


def index_texts(mirror: str, wanted: Wanted, *, check_valid_until: bool, report: Callable[[str], None]) -> list[str]:
    """Return the verified ``Packages`` files of a suite. ``ValueError`` when something is not as signed."""
    base = f"{mirror}/dists/{wanted.suite}"
    release = Release(signed_content(read(f"{base}/InRelease"), report))
    if check_valid_until:
        refuse_expired(release)
    digests = {entry["name"]: entry["sha256"] for entry in release["SHA256"]}
    texts = []
    for component in wanted.components:
        name = f"{component}/binary-{wanted.architecture}/Packages.xz"
        data = read(f"{base}/{name}")
        if hashlib.sha256(data).hexdigest() != digests.get(name):
            raise ValueError(f"{name} is not what InRelease names")
        texts.append(lzma.decompress(data).decode())
    return texts


def refuse_expired(release: Release) -> None:
    """Raise ``ValueError`` when the index says that it is too old to be trusted."""
    until = release.get("Valid-Until")
    if until and parsedate_to_datetime(until) < datetime.now(UTC):
        raise ValueError(f"the index was valid until {until} (a frozen mirror? the check can be switched off)")


def read(url: str) -> bytes:
    """Return what is at ``url``; ``OSError`` when it can't be had."""
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url} is not an http or https address")
    with urllib.request.urlopen(url, timeout=TIMEOUT) as response:  # noqa: S310 - checked above
        data: bytes = response.read()
        return data


def signed_content(document: bytes, report: Callable[[str], None]) -> str:
    """Return the text that was signed. ``ValueError`` when the signature is not Debian's.

    Where gpgv or Debian's keys are not installed nothing can be verified, which is reported.
    """
    keyring = next((path for path in KEYRINGS if path.exists()), None)
    if keyring is None or shutil.which("gpgv") is None:
        report("the Debian index was NOT verified: gpgv or debian-archive-keyring is not installed")
        return document.decode().split("\n\n", 1)[1].split("\n-----BEGIN PGP SIGNATURE", 1)[0]
    result = subprocess.run(
        ["gpgv", "--keyring", str(keyring), "--status-fd", "2", "--output", "-", "-"],
        input=document,
        capture_output=True,
        check=False,
    )
    status = result.stderr.decode(errors="replace")
    # One good signature is enough: a suite is signed by several keys, of which old keyrings lack some.
    if "[GNUPG:] VALIDSIG" not in status or "[GNUPG:] BADSIG" in status:
        raise ValueError("InRelease has no valid signature of Debian's archive keys")
    return result.stdout.decode()
