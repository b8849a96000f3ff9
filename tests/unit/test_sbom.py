"""Bills of materials: valid by the official schemas, the same every time, and true to the files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from pythonbuild import billing
from pythonbuild.bundled import bundled, component_of
from pythonbuild.decide import Selection, prepare
from pythonbuild.errors import DataError
from pythonbuild.image.lock import load_lock
from pythonbuild.load import read
from pythonbuild.materials import components_of, parts_of
from pythonbuild.package import cyclonedx, spdx
from pythonbuild.package.archives import METADATA
from pythonbuild.package.parts import Parts, linked_parts
from pythonbuild.package.sbom import CYCLONEDX, INSTALL_PLACES, PLACES, SPDX, Contents, cpe_name, filled_purl
from pythonbuild.settings import ROOT
from pythonbuild.source import parse_source
from tests.unit import bills
from tests.unit.records import DIGEST

if TYPE_CHECKING:
    from pathlib import Path

    from pythonbuild.execute import Prepared
    from pythonbuild.package.sbom import Bill

GLIBC, MUSL, ARM = "x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl", "aarch64-unknown-linux-gnu"


def complaints(bill: Bill, path: Path) -> list[str]:
    """What the official validators say of both documents, read back from their bytes."""
    path.write_bytes(spdx.spdx_json(bill))
    found = [message.validation_message for message in validate_full_spdx_document(parse_file(str(path)))]
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(cyclonedx.cyclonedx_json(bill).decode())
    return found if error is None else [*found, str(error)]


def decided(target: str = GLIBC, options: str = "pgo+lto") -> Prepared:
    return prepare(ROOT, Selection(target=target, python="3.14", options=options), image="0" * 64)


def test_documents_are_valid_by_the_official_schemas(tmp_path: Path) -> None:
    assert complaints(bills.bill(), tmp_path / "a.spdx.json") == []
    beside = replace(bills.bill(), archive=("a.tar.zst", DIGEST))
    assert complaints(beside, tmp_path / "a.spdx.json") == []


def test_the_official_schemas_can_complain(tmp_path: Path) -> None:
    broken = replace(bills.ZLIB, cpe="cpe:zlib", version="")
    bill = replace(bills.bill(), components=(broken, bills.SQLITE, bills.CPYTHON))
    assert any("cpe" in text for text in complaints(bill, tmp_path / "a.spdx.json"))
    wrong = bills.bill(replace(bills.billed("python/bin/python3.14"), sha256="x"))
    assert len(complaints(wrong, tmp_path / "a.spdx.json")) >= 2


@pytest.mark.parametrize(("target", "options"), [(GLIBC, "pgo+lto"), (ARM, "lto"), (MUSL, "noopt+static")])
def test_documents_of_real_plans_are_valid(target: str, options: str, tmp_path: Path) -> None:
    image = load_lock(ROOT / "cpython-unix/images")
    components = components_of(decided(target, options), image)
    assert len({component.ref for component in components}) == len(components)
    assert sum(component.ref.startswith("deb:") for component in components) == len(image.packages)
    some = components[: -len(image.packages) + 9]  # all packages are alike, and the validators slow
    bill = replace(bills.bill(), components=some, files=(bills.billed("python/bin/python3.14"),))
    assert complaints(bill, tmp_path / "a.spdx.json") == []


def test_same_bytes_whatever_the_order_of_hashes() -> None:
    script = (
        "import hashlib; from tests.unit import bills; from pythonbuild.package import cyclonedx, spdx;"
        "b = bills.bill();"
        "print(hashlib.sha256(spdx.spdx_json(b) + cyclonedx.cyclonedx_json(b)).hexdigest())"
    )
    words = [sys.executable, "-c", script]
    seen = {
        subprocess.run(
            words, env={**os.environ, "PYTHONHASHSEED": seed}, cwd=ROOT, check=True, capture_output=True
        ).stdout
        for seed in "1234"
    }
    assert len(seen) == 1


def test_identifiers_are_made_of_the_content() -> None:
    assert bills.bill().identifier == bills.bill().identifier
    assert bills.bill().identifier != bills.bill(bills.billed("python/bin/python3.13")).identifier


def test_a_component_says_where_it_came_from_and_where_it_went() -> None:
    one = bills.documents(bills.bill())
    package = next(row for row in one[SPDX]["packages"] if row["name"] == "zlib")
    assert package["downloadLocation"] == "https://example.org/zlib-1.3.1.tar.gz"
    assert package["licenseDeclared"] == "Zlib"
    locators = [row["referenceLocator"] for row in package["externalRefs"]]
    assert locators[0] == "pkg:github/madler/zlib@v1.3.1"
    assert "cpe:2.3:a:zlib:zlib:1.3.1:*:*:*:*:*:*:*" in locators
    component = next(row for row in one[CYCLONEDX]["components"] if row["name"] == "zlib")
    places = {row["location"] for row in component["evidence"]["occurrences"]}
    assert places == {"python/bin/python3.14", "python/lib/libz.a"}


def test_patches_and_tools_are_told_apart_from_what_is_inside() -> None:
    one = bills.documents(bills.bill())
    links = {(row["relationshipType"], row["relatedSpdxElement"]) for row in one[SPDX]["relationships"]}
    assert ("PATCH_APPLIED", "SPDXRef-Package-cpython") in links
    assert ("CONTAINS", "SPDXRef-Package-zlib") in links
    assert ("CONTAINS", "SPDXRef-Package-deb-3a-libstdc-2b--2b-6") not in links
    assert ("BUILD_TOOL_OF", "SPDXRef-distribution") in links
    scopes = {row["name"]: row.get("scope") for row in one[CYCLONEDX]["components"]}
    assert (scopes["zlib"], scopes["libstdc++6"]) == ("required", "excluded")
    patched = next(row for row in one[CYCLONEDX]["components"] if row["name"] == "cpython")
    assert patched["pedigree"]["patches"][0]["diff"]["url"] == "patches/cpython/tkinter-base-prefix.patch"


def test_words_of_recipes() -> None:
    assert cpe_name("cpe:2.3:a:x:y", "1.0+dfsg") == "cpe:2.3:a:x:y:1.0\\+dfsg:*:*:*:*:*:*:*"
    assert cpe_name("cpe:2.3:a:x:y", "3.15.0rc1") == "cpe:2.3:a:x:y:3.15.0:rc1:*:*:*:*:*:*"
    assert cpe_name("cpe:2.3:a:x:y", "3.15.0a2") == "cpe:2.3:a:x:y:3.15.0:alpha2:*:*:*:*:*:*"
    assert cpe_name("cpe:2.3:a:x:y", "3.15.0b3") == "cpe:2.3:a:x:y:3.15.0:beta3:*:*:*:*:*:*"
    assert cpe_name("cpe:2.3:a:x:y", "1.1.1a") == "cpe:2.3:a:x:y:1.1.1a:*:*:*:*:*:*:*"
    assert filled_purl("pkg:github/tcltk/tcl@core-{dashed}", "9.0.4") == "pkg:github/tcltk/tcl@core-9-0-4"
    assert filled_purl("pkg:github/libexpat/libexpat@R_{underscored}", "2.8.3").endswith("@R_2_8_3")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("cpe: cpe:/a:zlib", "2: expected cpe:2.3:a:<vendor>:<product>, found 'cpe:/a:zlib'"),
        ("purl: pkg:github/madler/zlib@v1", r"2: expected pkg:<type>/<name>@\{version\}"),
        ("prul: x", "2: unknown key 'prul', did you mean 'purl'"),
    ],
)
def test_a_wrong_word_is_told_with_its_line(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yml"
    path.write_text(f"licenses: [Zlib]\n{line}\norigins: [{{url: 'http://x/a.tar', size: 1, sha256: {DIGEST}}}]\n")
    with pytest.raises(DataError, match=message):
        parse_source(read(path), "zlib", "1.3.1")


def test_every_component_of_the_checkout_has_a_purl_and_what_is_shipped_a_licence() -> None:
    components = components_of(decided(), load_lock(ROOT / "cpython-unix/images"))
    for component in components:
        assert PackageURL.from_string(component.purl).version
        if component.shipped:
            assert component.license_expression
            assert component.downloads
    names = {component.name for component in components if component.shipped}
    assert {"cpython", "zlib", "openssl", "tcl", "tk", "libx11", "sqlite", "xtrans-dev", "sysroot-glibc"} <= names
    assert not {"x11-headers", "x11proto-dev", "clang-22"} & names
    assert sum(component.cpe is not None for component in components if component.shipped) >= 14


def test_the_words_of_recipes_are_no_part_of_a_key() -> None:
    prepared = decided(options="noopt")
    headers = prepared.rendered["x11-headers"]
    assert not any("xcb-proto:" in text for text in (headers.script, *headers.files.values()))
    assert set(headers.recipe_files) == {"build.sh"}
    assert not any("purl" in text or "cpe:2.3" in text for text in prepared.rendered["zlib"].files.values())
    assert "github/madler" not in prepared.rendered["zlib"].script


LIBRARIES = {
    "libz.a": ("zlib",),
    "A.ttf": ("zlib",),
    "libtk.so": ("tk",),
    "libtcl.so": ("tcl",),
    "libX11.a": ("libx11",),
}
PARTS = Parts(
    libraries=LIBRARIES,
    below={"tk": ("libx11", "zlib"), "libx11": ("libxau",)},
    loaded=frozenset({"tk", "tcl"}),
    core=("zlib",),
    shared={"lib/python3.14/lib-dynload/_x.so": ("libx11",), "lib/python3.14/lib-dynload/_tk.so": ("tk",)},
)


@pytest.mark.parametrize(
    ("path", "made_of", "linked"),
    [
        ("bin/python3.14", ("cpython",), ("zlib",)),
        ("lib/libpython3.14.so.1.0", ("cpython",), ("zlib",)),
        ("lib/libpython3.so", ("cpython",), ()),
        ("lib/python3.14/lib-dynload/_x.so", ("cpython",), ("libx11", "libxau")),
        ("lib/python3.14/lib-dynload/_tk.so", ("cpython",), ("tk",)),
        ("lib/python3.14/lib-dynload/_y.so", ("cpython",), ()),
        ("lib/libtk.so", ("tk",), ("libx11", "zlib")),
        ("lib/libtcl.so", ("tcl",), ()),
        ("lib/libnew.so.1", (), ()),
        ("lib/new1.0/libnew.so", (), ()),
        ("bin/new", (), ()),
        ("", (), ()),
        ("lib/tk9.0/fonts/A.ttf", ("zlib",), ()),
        ("build/lib/libz.a", ("zlib",), ()),
        ("build/lib/libnew.a", (), ()),
        ("build/Modules/_hacl/libHacl.a", ("cpython",), ()),
        ("lib/python3.14/ensurepip/_bundled/pip-26.0-py3-none-any.whl", ("pip",), ()),
        ("lib/python3.14/test/wheeldata/setuptools-79.0.1-py3-none-any.whl", ("cpython",), ()),
    ],
)
def test_which_component_is_in_which_file(path: str, made_of: tuple[str, ...], linked: tuple[str, ...]) -> None:
    assert PARTS.contents(path) == Contents(made_of=made_of, linked=linked)


def test_an_interpreter_that_is_linked_to_libpython_holds_nothing_itself() -> None:
    parts = replace(PARTS, libpython=True, everywhere=("compiler-rt",))
    assert parts.contents("lib/tk9.0/fonts/A.ttf").linked == ()
    assert parts.contents("bin/python3.14").linked == ("compiler-rt",)
    assert parts.contents("lib/libpython3.14.so.1.0").linked == ("compiler-rt", "zlib")


def test_link_lines_are_read() -> None:
    static: dict[str, Any] = {
        "links": [{"name": "z", "path_static": "build/lib/libz.a"}, {"name": "m", "system": True}]
    }
    shared = {"links": [{"path_static": "build/lib/libX11.a"}, {"path_dynamic": "install/lib/libtk.so"}]}
    own = {"links": [{"path_static": "build/Modules/_hacl/libHacl.a"}]}
    extensions = {"zlib": [static], "_sha2": [own], "_x": [{**shared, "shared_lib": "install/lib/_x.so"}]}
    assert linked_parts({"links": []}, extensions, LIBRARIES) == (("zlib",), {"lib/_x.so": ("libx11",)})


def test_every_library_of_the_checkout_is_known_by_its_file() -> None:
    parts = parts_of(decided(), {}, {})
    assert parts.libraries["libcrypto.a"] == ("openssl",)
    assert parts.libraries["libtkstub.a"] == ("tk",)
    assert parts.libraries["DejaVuSans.ttf"] == ("dejavu-sans",)
    assert parts.libraries["DejaVuSansMono.ttf"] == ("dejavu-sans-mono",)
    x11 = {"libxau", "libxcb", "libx11", "libxrender", "libxft", "deb:xtrans-dev", "deb:xcb-proto"}
    assert set(parts.below["tk"]) == {*x11, "freetype", "fontconfig", "zlib", "expat"}
    assert parts.everywhere == ("sysroot-glibc",)
    assert parts_of(decided(ARM), {}, {}).everywhere == ("compiler-rt", "sysroot-glibc")
    assert parts_of(decided(MUSL, "noopt"), {}, {}).everywhere == ("musl",)


def test_files_that_hold_code_are_billed_once_read(tmp_path: Path) -> None:
    (tmp_path / "libz.a").write_bytes(b"!<arch>\n")
    (tmp_path / "pip-26.0-py3-none-any.whl").write_bytes(bills.wheel("License-Expression: MIT"))
    (tmp_path / "example-1.0-py3-none-any.whl").write_bytes(b"PK")
    (tmp_path / "A.ttf").write_bytes(b"\0\1\0\0")
    (tmp_path / "os.py").write_bytes(b"x = 1\n")
    (tmp_path / "object.o").write_bytes(b"\x7fELF\2\1\1" + bytes(9) + b"\1\0")
    (tmp_path / "program").write_bytes(b"\x7fELF\2\1\1" + bytes(9) + b"\2\0")
    (tmp_path / "link").symlink_to("program")
    members: dict[str, Path | bytes] = {f"python/lib/{path.name}": path for path in tmp_path.iterdir()}
    members["python/lib/python3.14/ensurepip/_bundled/pip-26.0-py3-none-any.whl"] = members.pop(
        "python/lib/pip-26.0-py3-none-any.whl"
    )
    biller = billing.Biller(
        name="cpython",
        version="3.14.7",
        components=(bills.ZLIB, bills.CPYTHON),
        parts=PARTS,
        debug={"abcd": "bin/python3.14"},
    )
    bill = biller.bill({**members, METADATA: b"{}"}, bills.CREATED)
    names = [file.path.rpartition("/")[2] for file in bill.files]
    wheels = ["example-1.0-py3-none-any.whl", "pip-26.0-py3-none-any.whl"]
    assert sorted(names) == ["A.ttf", wheels[0], "libz.a", wheels[1], "program"]
    assert [component.name for component in bill.components] == ["zlib", "cpython", "pip"]
    assert bill.components[-1].license_expression == "MIT"
    assert biller.place("python/lib/debug/.build-id/ab/cd.debug") == "bin/python3.14"
    assert complaints(bill, tmp_path / "a.spdx.json") == []
    full, plain = billing.with_bill({METADATA: b"{}"}, bill), billing.with_bill({}, bill)
    assert (set(full), set(plain)) == ({METADATA, *PLACES.values()}, set(INSTALL_PLACES.values()))


@pytest.mark.parametrize(
    ("line", "expression"),
    [
        ("License-Expression: MIT AND Apache-2.0", "MIT AND Apache-2.0"),
        ("License: MIT\nClassifier: License :: OSI Approved :: MIT License", "MIT"),
        ("License: as you like", None),
    ],
)
def test_licences_of_wheels(line: str, expression: str | None) -> None:
    component = component_of(bills.PIP, bills.wheel(line))
    assert (component.name, component.version, component.license_expression) == ("pip", "26.0", expression)
    assert component.cpe == "cpe:2.3:a:pypa:pip:26.0:*:*:*:*:*:*:*"


@pytest.mark.parametrize("data", [b"PK", bills.wheel("Name: pip", place="pip/METADATA")])
def test_a_broken_wheel_is_told_in_one_line(data: bytes) -> None:
    with pytest.raises(DataError, match=r"pip-26\.0-py3-none-any\.whl: has no metadata as wheels have: "):
        component_of(bills.PIP, data)
    with pytest.raises(DataError, match="is no wheel for ensurepip"):
        component_of("Lib/test/example-1.0-py3-none-any.whl", data)


def test_wheels_are_found_in_a_source(tmp_path: Path) -> None:
    path = tmp_path / "Python.tar.xz"
    path.write_bytes(bills.source_with(bills.PIP, "Lib/test/wheeldata/setuptools-79.0-py3-none-any.whl"))
    assert [component.name for component in bundled(path)] == ["pip"]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match="the wheels in it can't be read"):
        bundled(path)


def test_documents_beside_an_archive_name_it(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.zst"
    archive.write_bytes(b"x")
    paths = billing.write_beside(archive, bills.bill(), bills.ORIGIN, bills.CREATED)
    assert [path.name for path in paths][:2] == ["a.tar.zst.spdx.json", "a.tar.zst.cdx.json"]
    root = json.loads(paths[0].read_text())["packages"][0]
    assert root["packageFileName"] == "a.tar.zst"
    assert root["checksums"][0]["checksumValue"].startswith("2d711642b726b044")
    assert json.loads(paths[1].read_text())["metadata"]["component"]["hashes"][0]["content"].startswith("2d711642")
