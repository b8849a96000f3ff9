"""Results by key: whole or not there, built once, explained."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pythonbuild.errors import BuildError
from pythonbuild.locks import Busy, locked
from pythonbuild.store import Store

KEY = "a" * 64
OTHER = "b" * 64
ROOT = Path(__file__).resolve().parents[2]


def fill(tree: Path) -> None:
    (tree / "lib").mkdir()
    (tree / "lib" / "libz.a").write_bytes(b"archive")
    (tree / "lib" / "libz.so").symlink_to("libz.so.1")


def test_what_was_added_is_there(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert store.get(KEY, "zlib") is None
    tree = store.add(KEY, "zlib", fill, {"seconds": 3})
    assert tree == store.get(KEY, "zlib") == tmp_path / "store" / f"zlib-{KEY[:16]}" / "tree"
    assert (tree / "lib" / "libz.a").read_bytes() == b"archive"
    manifest = store.manifest(KEY, "zlib")
    assert (manifest["seconds"], manifest["files"], manifest["bytes"], manifest["key"]) == (3, 1, 7, KEY)
    assert sorted(path.name for path in store.root.iterdir()) == [".locks", f"zlib-{KEY[:16]}"]
    assert list((store.root / ".locks").iterdir()) == []


def test_stored_results_are_not_filled_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tree = store.add(KEY, "zlib", fill, {})
    assert store.add(KEY, "zlib", lambda _: pytest.fail("filled again"), {}) == tree


def test_verify_notices_changes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tree = store.add(KEY, "zlib", fill, {})
    os.utime(tree / "lib" / "libz.a", (0, 0))
    assert store.verify(KEY, "zlib")
    (tree / "lib" / "libz.a").chmod(0o700)
    assert not store.verify(KEY, "zlib")


def test_a_failed_fill_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def fail(tree: Path) -> None:
        fill(tree)
        (tree / "lib").chmod(0o500)
        raise BuildError("broken")

    with pytest.raises(BuildError, match="broken"):
        store.add(KEY, "zlib", fail, {})
    assert store.get(KEY, "zlib") is None
    assert [path.name for path in tmp_path.iterdir()] == [".locks"]


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(OTHER, "zlib", fill, {})

    def full(_tree: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(BuildError, match="no space left in") as caught:
        store.add(KEY, "zlib", full, {})
    assert "make room" in str(caught.value.hint)
    assert store.verify(OTHER, "zlib")


def test_an_unwritable_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(BuildError, match=r"can't lock zlib-a+ in"):
        Store(tmp_path / "file" / "store").add(KEY, "zlib", fill, {})


def test_a_result_without_manifest_is_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tree = store.add(KEY, "zlib", fill, {})
    (tree.parent / "manifest.json").write_text("{")
    assert store.get(KEY, "zlib") is None
    with pytest.raises(BuildError, match="not in the store"):
        store.manifest(KEY, "zlib")
    assert store.add(KEY, "zlib", fill, {}) == tree
    assert store.verify(KEY, "zlib")


def test_what_killed_runs_left_is_swept(tmp_path: Path) -> None:
    for label in (f"zlib-{KEY[:16]}", f"xz-{OTHER[:16]}"):
        (tmp_path / f".tmp-{label}" / "tree").mkdir(parents=True)
    with locked(tmp_path / ".locks" / f"xz-{OTHER[:16]}"):
        Store(tmp_path).add(KEY, "zlib", fill, {})
        assert (tmp_path / f".tmp-xz-{OTHER[:16]}").exists()
    Store(tmp_path).sweep()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".locks", f"zlib-{KEY[:16]}"]


def test_a_killed_process_is_recovered_from(tmp_path: Path) -> None:
    code = f"""
import os, pathlib
from pythonbuild.store import Store
def fill(tree):
    (tree / "half").write_text("x")
    os.kill(os.getpid(), 9)
Store(pathlib.Path({str(tmp_path)!r})).add({KEY!r}, "zlib", fill, {{}})
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == -9
    store = Store(tmp_path)
    assert store.get(KEY, "zlib") is None
    store.add(KEY, "zlib", fill, {})
    assert store.verify(KEY, "zlib")
    assert not (store.root / f"zlib-{KEY[:16]}" / "tree" / "half").exists()


def test_two_runs_build_one_job_once(tmp_path: Path) -> None:
    built = []
    waited = []

    def run() -> None:
        store = Store(tmp_path)
        with store.building(KEY, "zlib", waiting=lambda: waited.append(1)) as stored:
            if stored is None:
                time.sleep(0.1)
                built.append(store.add(KEY, "zlib", fill, {}))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert len(waited) == 3


def test_a_held_lock_is_busy(tmp_path: Path) -> None:
    with locked(tmp_path / "x"), pytest.raises(Busy), locked(tmp_path / "x", wait=False):
        pass
    assert not (tmp_path / "x").exists()


def test_why_names_what_changed_since_the_nearest_result(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.why("zlib", {"script": "1"}) is None
    store.add(KEY, "zlib", fill, {"parts": {"script": "1" * 64, "image": "i", "file x.patch": "2"}})
    store.add(OTHER, "zlib", fill, {"parts": {"script": "9", "image": "j", "file x.patch": "7"}})
    changes = store.why("zlib", {"script": "3" * 64, "image": "i", "need musl": "4"})
    assert changes is not None
    assert [str(change) for change in changes] == [
        "file x.patch: gone",
        "need musl: new",
        "script: 111111111111 -> 333333333333",
    ]
    assert store.why("zlib", {"script": "9", "image": "j", "file x.patch": "7"}) == ()


def test_collect_keeps_what_is_wanted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(KEY, "zlib", fill, {})
    store.add(OTHER, "zlib", fill, {})
    assert [entry.key for entry in store.entries()] == [KEY, OTHER]
    assert [entry.key for entry in store.collect({OTHER})] == [KEY]
    assert [entry.key for entry in store.entries()] == [OTHER]
