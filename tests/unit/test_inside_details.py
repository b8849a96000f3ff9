"""build-details.json says what the target's interpreter says of itself, whichever one wrote the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pythonbuild.inside import details

if TYPE_CHECKING:
    from pathlib import Path

# What CPython writes where a build for armv7 is made on x86_64.
WRITTEN: dict[str, Any] = {
    "platform": "linux-arm",
    "language": {"version": "3.14"},
    "abi": {"flags": [], "extension_suffix": ".cpython-314td-arm-linux-gnueabihf.so", "stable_abi_suffix": ".abi3.so"},
    "suffixes": {"source": [".py"], "extensions": [".cpython-314-x86_64-linux-gnu.so", ".abi3.so", ".so"]},
}
LOADED = [".cpython-314td-arm-linux-gnueabihf.so", ".cpython-314t-arm-linux-gnueabihf.so", ".so"]


def facts(flags: str, extension: list[str]) -> dict[str, Any]:
    return {"python_abi_tag": flags, "python_suffixes": {"extension": extension, "source": [".py"]}}


def test_flags_suffixes_and_platform_are_the_targets() -> None:
    assert details.of_target(WRITTEN, facts("td", [".cpython-314td.so", ".abi3.so", ".so"]), "linux-armv7l") == {
        "platform": "linux-armv7l",
        "language": {"version": "3.14"},
        "abi": {**WRITTEN["abi"], "flags": ["t", "d"]},
        "suffixes": {"source": [".py"], "extensions": [".cpython-314td.so", ".abi3.so", ".so"]},
    }


def test_a_stable_abi_that_the_target_lacks_is_not_claimed() -> None:
    assert "stable_abi_suffix" not in details.of_target(WRITTEN, facts("td", LOADED), "linux-armv7l")["abi"]
    static = details.of_target({**WRITTEN, "abi": {"flags": []}}, facts("", []), "linux-x86_64")
    assert (static["abi"], static["suffixes"]["extensions"]) == ({"flags": []}, [])


def test_the_file_is_rewritten_where_there_is_one(tmp_path: Path) -> None:
    told = tmp_path / "facts.json"
    told.write_text(json.dumps(facts("td", LOADED)))
    library = tmp_path / "install" / "lib" / "python3.14"
    library.mkdir(parents=True)
    words = [str(tmp_path / "install"), str(told), "linux-armv7l"]
    assert details.main(words) == 0
    assert not list(library.iterdir())
    (library / "build-details.json").write_text(json.dumps(WRITTEN))
    assert details.main(words) == 0
    assert json.loads((library / "build-details.json").read_text())["suffixes"]["extensions"] == LOADED
