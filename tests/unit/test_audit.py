"""Audits with made-up advisories, indices and waivers: what fails, what doesn't, and what is said."""

from __future__ import annotations

import json
import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pythonbuild import auditing, commands
from pythonbuild.arguments import parse
from pythonbuild.audit import newer
from pythonbuild.audit.advisories import matches
from pythonbuild.audit.osv import Advisory, Part, load_advisories, parse_advisory
from pythonbuild.audit.report import Audit
from pythonbuild.audit.versions import newer as is_newer
from pythonbuild.audit.versions import upstream
from pythonbuild.audit.waivers import load_waivers
from pythonbuild.decide import Selection, prepare
from pythonbuild.errors import DataError, FetchError
from pythonbuild.image.index import read_index
from pythonbuild.materials import components_of
from pythonbuild.package.sbom import Component, Download
from pythonbuild.settings import ROOT, Settings
from tests.unit import bills
from tests.unit.records import DIGEST

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 27)
ZLIB = Component(
    ref="zlib",
    name="zlib",
    version="1.3.2",
    role="library",
    purl="pkg:github/madler/zlib@v1.3.2",
    downloads=(Download(file="a", sha256=DIGEST, purl="pkg:deb/debian/zlib@1.3.dfsg%2Breally1.3.2?arch=source"),),
)
EXPAT = Component(
    ref="expat",
    name="expat",
    version="2.8.3",
    role="library",
    purl="pkg:github/libexpat/libexpat@R_2_8_3",
    aliases=("libexpat-fuzzed",),
)
ZIG = Component(
    ref="sysroot",
    name="sysroot",
    version="0.17.1",
    role="tool",
    purl="pkg:generic/sysroot@0.17.1",
    downloads=(Download(file="a", sha256=DIGEST, purl="pkg:pypi/ziglang@0.17.1?file_name=a"),),
)
GETTEXT = Component(
    ref="deb:autopoint",
    name="autopoint",
    version="0.23.1-2+b1",
    role="package",
    purl="pkg:deb/debian/autopoint@0.23.1-2%2Bb1?arch=all&distro=trixie&upstream=gettext",
)
BSDUTILS = Component(
    ref="deb:bsdutils",
    name="bsdutils",
    version="1:2.41-5",
    role="package",
    purl="pkg:deb/debian/bsdutils@1:2.41-5?arch=amd64&distro=trixie&upstream=util-linux%402.41-5",
)
COMPONENTS = (ZLIB, EXPAT, ZIG, GETTEXT, BSDUTILS)


def advisory(*affected: dict[str, Any], **more: Any) -> Advisory:
    row = {"id": "TEST-1", "aliases": ["CVE-2026-1"], "summary": "Bad.", "affected": list(affected), **more}
    return parse_advisory(Part(row, "test"))


def package(ecosystem: str, name: str, *events: dict[str, str], **more: Any) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}] if events else []
    return {"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges, **more}


def git(repository: str, events: Any = ({"introduced": "0"}, {"fixed": "abc"}), **more: Any) -> dict[str, Any]:
    return {"ranges": [{"type": "GIT", "repo": repository, "events": list(events)}], **more}


START = {"introduced": "0"}
AFFECTED = [
    (git("https://github.com/madler/zlib", versions=["v1.3.1", "v1.3.2"]), "zlib"),
    (git("https://github.com/libexpat/libexpat.git", versions=["R_2_8_3"]), "expat"),
    (git("https://github.com/madler/zlib"), "zlib"),
    (package("OSS-Fuzz", "expat", START, {"fixed": "2.8.4"}), "expat"),
    (package("", "zlib", {"introduced": "1.3"}, {"last_affected": "1.3.2"}), "zlib"),
    (package("", "zlib", START, {"fixed": "1.2"}, {"introduced": "1.3"}, {"fixed": "1.4"}), "zlib"),
    (package("Debian:14", "zlib", START, {"fixed": "1:1.3.dfsg+really1.3.2-3"}), "zlib"),
    (package("Debian:13", "zlib", START), "zlib"),
    (package("Debian:13", "gettext", START, {"fixed": "0.23.1-2+deb13u1"}), "autopoint"),
    (package("Debian", "gettext", {"introduced": "0.23.1-2"}), "autopoint"),
    (package("Debian:13", "util-linux", {"introduced": "2.41-4"}, {"fixed": "2.41-5+deb13u1"}), "bsdutils"),
    (package("Debian:13", "zlib", START, {"fixed": "1:1.3.dfsg+really1.3.2-1+deb13u1"}), "zlib"),
    (package("OSS-Fuzz", "libexpat-fuzzed", START), "expat"),
    (git("https://github.com/madler/zlib", events=[START], versions=["v1.3.1"]), "zlib"),
    (git("https://github.com/madler/zlib", events=[START, {"introduced": "abc"}]), "zlib"),
    (package("PyPI", "Ziglang", START, {"fixed": "0.18"}), "sysroot"),
    ({"package": {"ecosystem": "", "name": "other", "purl": "pkg:github/madler/zlib"}, "versions": ["1.3.2"]}, "zlib"),
]
UNAFFECTED = [
    git("https://github.com/madler/zlib", versions=["v1.3.1"]),
    git("https://github.com/madler/zlib", events=[START, {"limit": "abc"}], versions=["v1.3.1"]),
    git("https://github.com/madler/zlib", events=[START, {"last_affected": "abc"}], versions=["v1.3.1"]),
    {**package("", "zlib", START, {"fixed": "1.3.2"}), "versions": ["1.3.1"]},
    package("Debian:13", "zlib", START, {"fixed": "1:1.3.dfsg+really1.3.2-1~deb13u1"}),
    package("Debian:13", "zlib", START, {"fixed": "1:1.3.dfsg+really1.3.2-0+deb13u1"}),
    package("Debian:13", "util-linux", START, {"fixed": "2.41-5"}),
    git("https://github.com/someone/else", versions=["v1.3.2"]),
    package("OSS-Fuzz", "expat", START, {"fixed": "2.8.3"}),
    package("", "zlib", START, {"fixed": "1.2"}, {"introduced": "1.4"}),
    package("", "zlib", {"introduced": "1.3"}, {"last_affected": "1.3.1"}),
    package("npm", "zlib", START),
    package("Debian:13", "zlib", START, {"fixed": "1:1.3.dfsg+really1.3.2-1"}),
    package("Debian:12", "gettext", START),
    package("Debian:13", "gettext", START, {"fixed": "0.23.1-2"}),
    package("Debian:13", "autopoint", START),
    package("PyPI", "ziglang", START, {"fixed": "0.17.1"}),
    package("", "autopoint", START),
]


@pytest.mark.parametrize(("row", "name"), AFFECTED)
def test_affected(row: dict[str, Any], name: str) -> None:
    found = matches(COMPONENTS, [advisory(row)])
    assert [match.component.name for match in found] == [name]
    open_ended = row.get("versions") == ["v1.3.1"]
    certain = not open_ended and (bool(row.get("versions")) or row["ranges"][0]["type"] != "GIT")
    assert found[0].certain is certain
    assert ("perhaps" in str(found[0])) is not certain


@pytest.mark.parametrize("row", UNAFFECTED)
def test_not_affected(row: dict[str, Any]) -> None:
    assert matches(COMPONENTS, [advisory(row)]) == []


def test_components_of_the_checkout_are_known_by_the_names_of_oss_fuzz() -> None:
    components = components_of(prepare(ROOT, Selection(options="noopt"), image="0" * 64))
    for alias, name in (
        ("sqlite3", "sqlite"),
        ("freetype2", "freetype"),
        ("util-linux", "libuuid"),
        ("cpython3", "cpython"),
    ):
        found = matches(components, [advisory(package("OSS-Fuzz", alias, START))])
        assert [match.component.name for match in found] == [name]


def test_of_several_debian_releases_the_newest_counts_for_a_source() -> None:
    rows = [package("Debian:11", "zlib", START), package("Debian:13", "zlib", START, {"fixed": "1:1.3-1"})]
    assert matches([ZLIB], [advisory(*rows)]) == []
    assert matches([ZLIB], [advisory(rows[0])])


def test_files_of_advisories(tmp_path: Path) -> None:
    row = {"id": "A-1", "affected": []}
    (tmp_path / "a.json").write_text(json.dumps(row))
    (tmp_path / "b.json").write_text(json.dumps({"vulns": [row, {**row, "withdrawn": "2026-01-01T00:00:00Z"}]}))
    (tmp_path / "c.json").write_text(json.dumps([row, row]))
    assert len(load_advisories(tmp_path)) == 4
    assert len(load_advisories(tmp_path / "c.json")) == 2


def affected(row: str) -> str:
    return f'{{"id": "A", "affected": [{row}]}}'


def with_range(words: str) -> str:
    return affected(f'{{"ranges": [{{"type": "SEMVER", {words}}}]}}')


NONE = "is no advisory in the OSV format: "
BROKEN = [
    ("{", "is not JSON"),
    ("1" * 5000, "is not JSON"),
    ("{}", NONE + "id is missing"),
    ("[1]", NONE + "it is not an object"),
    ('{"vulns": "A"}', NONE + "it is not an object"),
    ('{"id": 1}', NONE + "id is not a text"),
    ('{"id": "A", "aliases": "CVE-2026-1"}', NONE + "aliases is not a list"),
    ('{"id": "A", "summary": ["Bad."]}', NONE + "summary is not a text"),
    ('{"id": "A", "withdrawn": true}', NONE + "withdrawn is not a text"),
    ('{"id": "A", "affected": 1}', NONE + "affected is not a list"),
    ('{"id": "A", "affected": {"package": {}}}', NONE + "affected is not a list"),
    (affected('"abc"'), NONE + r"affected\[0\] is not an object"),
    (affected('{"package": "openssl"}'), NONE + r"affected\[0\].package is not an object"),
    (affected('{"package": ["ab"]}'), NONE + r"affected\[0\].package is not an object"),
    (affected('{"package": {"ecosystem": "", "name": []}}'), NONE + r"affected\[0\].package.name is not a text"),
    (affected('{"package": {"name": "zlib"}}'), NONE + r"affected\[0\].package.ecosystem is missing"),
    (affected('{"versions": "3.5.7"}'), NONE + r"affected\[0\].versions is not a list"),
    (affected('{"versions": {"3.5.7": 1}}'), NONE + r"affected\[0\].versions is not a list"),
    (affected('{}, {"versions": [[]]}'), NONE + r"affected\[1\].versions\[0\] is not a text"),
    (affected('{"ranges": {"type": "GIT"}}'), NONE + r"affected\[0\].ranges is not a list"),
    (affected('{"ranges": [{}]}'), NONE + r"affected\[0\].ranges\[0\].type is missing"),
    (affected('{"ranges": [{"type": {}}]}'), NONE + r"affected\[0\].ranges\[0\].type is not a text"),
    (affected('{"ranges": [{"type": "GIT"}]}'), NONE + r"affected\[0\].ranges\[0\].repo is missing"),
    (affected('{"ranges": [{"type": "GIT", "repo": 5}]}'), NONE + r"affected\[0\].ranges\[0\].repo is not a text"),
    (with_range('"x": 1'), NONE + r"\S+.events has no `introduced`"),
    (with_range('"events": {"introduced": "0"}'), NONE + r"\S+.events is not a list"),
    (with_range('"events": ["x"]'), NONE + r"\S+.events\[0\] is not an object"),
    (with_range('"events": [{"introduced": 1}]'), NONE + r"\S+.events\[0\].introduced is not a text"),
    (with_range('"events": [{"fixed": null}]'), NONE + r"\S+.events\[0\] has none of introduced, fixed,"),
    (with_range('"events": [{"introducd": "0"}]'), NONE + r"\S+.events\[0\] has none of introduced, fixed,"),
    (with_range('"events": [{"fixed": "1"}]'), NONE + r"\S+.events has no `introduced`"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_broken_advisories_are_one_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(DataError, match=rf"a\.json: {message}") as caught:
        load_advisories(path)
    assert "\n" not in caught.value.message
    with pytest.raises(DataError, match="there are no advisories"):
        load_advisories(tmp_path / "none")


def test_what_an_advisory_may_lack(tmp_path: Path) -> None:
    """Lists may be null or missing, and numbers may be of any script and length."""
    path = tmp_path / "a.json"
    path.write_text('{"id": "A", "aliases": null, "affected": [{"package": null, "ranges": null, "versions": null}]}')
    assert matches(COMPONENTS, load_advisories(path)) == []
    path.write_text('{"id": "A"}')
    assert load_advisories(path)[0].affected == ()
    for release in ("\u00b2", "1" * 5000, "sid"):
        rows = [package(f"Debian:{one}", "zlib", START) for one in (release, "13")]
        assert matches([ZLIB], [advisory(*rows)])
    assert not matches([ZLIB], [advisory(package("", "zlib", {"introduced": "9" * 5000}))])


def test_a_summary_writes_nothing_but_text_to_a_terminal() -> None:
    found = advisory(summary="a\x1b[2Jb\ud800\nsecond")
    assert found.summary == "a?[2Jb?"


def test_where_nothing_is_read_the_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no advisories: no \*\.json") as caught:
        load_advisories(tmp_path)
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("the directory is empty")
    (tmp_path / "a.yaml").write_text("id: A")
    with pytest.raises(DataError) as caught:
        load_advisories(tmp_path)
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("the directory holds a.yaml")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.writestr("A.json", '{"id": "A"}')
    with pytest.raises(DataError) as caught:
        load_advisories(tmp_path)
    assert caught.value.hint == "unzip all.zip first"
    with pytest.raises(DataError, match=r"all\.zip: is a zip file"):
        load_advisories(tmp_path / "all.zip")
    (tmp_path / "A.json").write_text('{"id": "A"}')
    assert len(load_advisories(tmp_path)) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--fail-outdated", "--advisories", "a.json"], "newer versions can't be asked for with --offline"),
        (["--fail-outdated"], "newer versions can't be asked for with --offline"),
        ([], "there is nothing to look at with --offline"),
    ],
)
def test_an_audit_that_would_look_at_nothing_is_refused(words: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        commands.audit(Settings(offline=True), parse(["audit", "--offline", *words]), {})
    assert caught.value.hint


WAIVER = "waivers:\n  - component: zlib\n    advisory: CVE-2026-1\n    why: Not called.\n    until: '2026-12-31'\n"


def audit(tmp_path: Path, waivers: str = "waivers: []\n", **more: Any) -> Audit:
    path = tmp_path / "audit.yml"
    path.write_text(waivers)
    found = tuple(matches(COMPONENTS, [advisory(AFFECTED[0][0])]))
    facts: dict[str, Any] = {"components": COMPONENTS, "newest": None, "matches": found, "today": TODAY}
    facts["advisories"] = tuple(match.advisory for match in found)
    return Audit(waivers=load_waivers(path), **{**facts, **more})


def test_a_vulnerability_fails_unless_it_is_waived(tmp_path: Path) -> None:
    assert audit(tmp_path).failed(outdated=False)
    assert "vulnerable: zlib 1.3.2: TEST-1 CVE-2026-1: Bad." in audit(tmp_path).lines()
    waived = audit(tmp_path, WAIVER)
    assert not waived.failed(outdated=True)
    assert any(line.startswith("waived: zlib") and "Not called." in line for line in waived.lines())
    for other in (WAIVER.replace("zlib", "expat"), WAIVER.replace("CVE-2026-1", "CVE-2026-2")):
        assert audit(tmp_path, other).failed(outdated=False)
        assert any("audit.yml:2: waiver is not needed" in line for line in audit(tmp_path, other).lines())


def test_the_report_says_how_many_advisories_were_read(tmp_path: Path) -> None:
    """And of how many no match can come."""
    vague = advisory()
    lines = audit(tmp_path, advisories=(advisory(AFFECTED[0][0]), vague)).lines()
    assert "2 advisories read, of which 1 name nothing that is affected" in lines
    assert "0 advisories read" in audit(tmp_path, advisories=(), matches=()).lines()
    unasked = audit(tmp_path, advisories=None, matches=()).lines()
    assert not any("advisories read" in line for line in unasked)
    assert unasked[-1].endswith("no advisories to look into")


def test_a_waiver_ends(tmp_path: Path) -> None:
    assert not audit(tmp_path, WAIVER, today=date(2026, 12, 31)).failed(outdated=False)
    late = audit(tmp_path, WAIVER, today=date(2027, 1, 1))
    assert late.failed(outdated=False)
    assert any("audit.yml:2: waiver is over" in line for line in late.lines())


def test_a_newer_version_fails_only_where_it_is_asked_for(tmp_path: Path) -> None:
    known = {"zlib": "1.3.3", "expat": "2.8.3"}
    found = audit(tmp_path, matches=(), newest=known)
    assert [component.name for component in found.outdated] == ["zlib"]
    assert not found.failed(outdated=False)
    assert found.failed(outdated=True)
    waiver = WAIVER.replace("    advisory: CVE-2026-1\n", "")
    waived = audit(tmp_path, waiver, matches=(), newest=known)
    assert not waived.failed(outdated=True)
    assert any("waived: zlib newer version until 2026-12-31" in line for line in waived.lines())
    assert audit(tmp_path, waiver).failed(outdated=False)  # it is no waiver of an advisory


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WAIVER.replace("why", "wyh"), "2: key 'why' is missing"),
        (WAIVER.replace("'2026-12-31'", "tomorrow"), "5: 'tomorrow' is not a day"),
        (WAIVER.replace("'", ""), "5: expected text"),
        (WAIVER + "    reason: x\n", "6: unknown key 'reason'"),
        ("waiver: []\n", "1: unknown key 'waiver', did you mean 'waivers'"),
    ],
)
def test_a_broken_waiver_is_told_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "audit.yml"
    path.write_text(text)
    with pytest.raises(DataError, match=rf"audit\.yml:{message}"):
        load_waivers(path)


def test_waivers_of_the_checkout_can_be_read() -> None:
    assert isinstance(load_waivers(ROOT / "audit.yml"), tuple)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1:1.3.dfsg+really1.3.2-3", "1.3.2"),
        ("5.3.28+dfsg2-9", "5.3.28"),
        ("3.1-20250104-1", "3.1-20250104"),
        ("6.6+20260608-1", "6.6+20260608"),
        ("3.14.7", "3.14.7"),
        ("9.0.4+ds-1+b2", "9.0.4"),
    ],
)
def test_upstream_versions(version: str, expected: str) -> None:
    assert upstream(version) == expected


def test_versions_are_compared_by_their_own_rules() -> None:
    assert is_newer("3.15.0", "3.15.0rc1")
    assert not is_newer("3.15.0", "3.15.0rc1", debian=True)  # Debian would write 3.15.0~rc1
    assert is_newer("1.1.1w", "1.1.1k")
    assert not is_newer("1.3.2", "1.3.2")


INDEX = read_index(
    [
        "Package: zlib1g\nSource: zlib\nVersion: 1:1.3.dfsg+really1.3.3-1\n\n",
        "Package: zlib1g-dev\nSource: zlib (1:1.3.dfsg+really1.3.2-3)\nVersion: 1:1.3.dfsg+really1.3.2-3+b1\n\n",
        "Package: expat\nVersion: 2.9.0-1\n\n",
    ]
)


def test_newest_versions_are_those_of_the_index() -> None:
    assert newer.source_versions(INDEX, ["zlib", "expat", "tcl9.0"]) == {"zlib": "1.3.3", "expat": "2.9.0"}
    assert newer.newest_versions(COMPONENTS, INDEX, lambda _name: "0.18.0") == {"zlib": "1.3.3", "sysroot": "0.18.0"}
    assert newer.newest_versions([ZIG], INDEX, lambda _name: None) == {}


def test_versions_are_compared_as_the_place_of_origin_writes_them() -> None:
    purl = "pkg:deb/debian/libedit@3.1-20250104?arch=source"
    libedit = replace(ZLIB, version="3.1.20250104", downloads=(Download(file="a", sha256=DIGEST, purl=purl),))
    assert not newer.is_outdated(libedit, "3.1-20250104")
    assert newer.is_outdated(libedit, "3.1-20260512")
    assert newer.is_outdated(ZIG, "0.18.0")


def test_pip_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    done = SimpleNamespace(returncode=0, stdout="ziglang (0.18.0)\nAvailable versions: 0.18.0, 0.17.1\n", stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *_words, **_more: done)
    assert newer.ask_pip("ziglang") == "0.18.0"
    done.returncode, done.stderr = 1, "ERROR: No matching distribution found for ziglang\n"
    with pytest.raises(FetchError, match="pip finds no versions of ziglang: ERROR: No matching"):
        newer.ask_pip("ziglang")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {"id": "TEST-2", "affected": [package("Debian", "mpdecimal", START)], "summary": "Worse."}
    (tmp_path / "bad.json").write_text(json.dumps(bad))
    (tmp_path / "good.json").write_text(json.dumps({**bad, "affected": [package("npm", "mpdecimal", START)]}))
    settings = Settings(build=tmp_path, offline=True)
    words = ["audit", "--offline", "--options", "noopt", "--advisories"]
    assert commands.audit(settings, parse([*words, str(tmp_path / "bad.json")]), {}) == 6
    assert "vulnerable: mpdecimal" in capsys.readouterr().out
    assert commands.audit(settings, parse([*words, str(tmp_path / "good.json")]), {}) == 0
    told = capsys.readouterr().out
    assert "newer versions not asked for, 0 vulnerable" in told
    assert "\n1 advisories read\n" in told
    waivers = tmp_path / "w.yml"
    waivers.write_text(WAIVER.replace("zlib", "mpdecimal").replace("CVE-2026-1", "TEST-2").replace("2026", "2999"))
    arguments = parse([*words, str(tmp_path / "bad.json"), "--waivers", str(waivers)])
    assert commands.audit(settings, arguments, {}) == 0

    monkeypatch.setattr(auditing, "find_cached", lambda *_words: None)
    assert commands.audit(settings, parse([*words, str(tmp_path / "good.json")]), {}) == 0
    assert "pip, which is inside, is not audited" in capsys.readouterr().err
    (tmp_path / "source").write_bytes(bills.source_with(bills.PIP))
    monkeypatch.setattr(auditing, "find_cached", lambda *_words: tmp_path / "source")
    (tmp_path / "pip.json").write_text(json.dumps({**bad, "affected": [package("PyPI", "pip", {"introduced": "26"})]}))
    assert commands.audit(settings, parse([*words, str(tmp_path / "pip.json")]), {}) == 6
    assert "vulnerable: pip 26.0: TEST-2" in capsys.readouterr().out

    def unreachable(*_words: object, **_more: object) -> object:
        raise FetchError("no index of Debian sid can be had")

    monkeypatch.setattr(auditing, "fetch_index", unreachable)
    monkeypatch.setattr(auditing, "debian_mirrors", lambda _setting: ["http://127.0.0.1"])
    with pytest.raises(FetchError, match="can't be asked for: no index") as caught:
        auditing.newest(settings, (ZLIB,))
    assert caught.value.hint == "--offline looks at advisories alone"
