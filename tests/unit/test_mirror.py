from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pythonbuild.errors import BuildError
from pythonbuild.mirror import debian_mirrors

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "http://mirror.example/debian"


def apt(folder: Path, **files: str) -> Path:
    (folder / "sources.list.d").mkdir(parents=True)
    for name, text in files.items():
        path = folder / "sources.list" if name == "main" else folder / "sources.list.d" / name.replace("_", ".")
        path.write_text(text)
    return folder


def test_one_line_format(tmp_path: Path) -> None:
    text = f"# deb http://old.example/debian trixie main\ndeb [arch=amd64 signed-by=/x.gpg] {MAIN}/ bookworm main # x\n"
    assert debian_mirrors(None, apt(tmp_path, main=text)) == [MAIN]


def test_deb822_format(tmp_path: Path) -> None:
    text = f"""Types: deb deb-src
# a comment
URIs: {MAIN}
 https://second.example/debian/
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc: def

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""
    assert debian_mirrors(None, apt(tmp_path, debian_sources=text)) == [MAIN, "https://second.example/debian"]


@pytest.mark.parametrize(
    "line",
    [
        "deb http://vendor.example/node nodistro main",
        "deb http://vendor.example/cloud cloud-sdk-bookworm main",
        "deb http://vendor.example/docker/debian bookworm stable",
        "deb http://mirror.example/debian-security bookworm-security main",
        "deb http://mirror.example/ubuntu noble main universe",
        "deb cdrom:[Debian] bookworm main",
        "deb file:/srv/debian bookworm main",
        "nonsense",
    ],
)
def test_other_archives_are_left_out(tmp_path: Path, line: str) -> None:
    folder = apt(tmp_path, main=f"{line}\ndeb {MAIN} trixie main\n")
    assert debian_mirrors(None, folder) == [MAIN]


def test_addresses_like_debians_come_first(tmp_path: Path) -> None:
    text = f"deb http://vendor.example/things bookworm main\ndeb {MAIN} bookworm main\ndeb {MAIN} sid main\n"
    assert debian_mirrors(None, apt(tmp_path, x_list=text)) == [MAIN, "http://vendor.example/things"]


def test_setting_comes_first_and_is_enough(tmp_path: Path) -> None:
    assert debian_mirrors("http://mine.example/debian/", tmp_path) == ["http://mine.example/debian"]
    folder = apt(tmp_path, main=f"deb {MAIN} trixie main\n")
    assert debian_mirrors("http://mine.example/debian", folder) == ["http://mine.example/debian", MAIN]


def test_mirror_lists_are_followed(tmp_path: Path) -> None:
    listing = tmp_path / "mirrors.list"
    listing.write_text(f"# first\n{MAIN} priority:1\n\nhttps://b.example/debian\n")
    folder = apt(
        tmp_path / "apt", main=f"deb mirror+file:{listing} trixie main\ndeb mirror+file:/no/file trixie main\n"
    )
    assert debian_mirrors(None, folder) == [MAIN, "https://b.example/debian"]


def test_no_mirror_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no Debian mirror is known") as failure:
        debian_mirrors(None, tmp_path)
    assert "--debian-mirror" in str(failure.value.hint)
