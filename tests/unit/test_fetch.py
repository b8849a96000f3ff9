"""Downloads against a server on the loopback interface that misbehaves on demand."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import socket
import threading
from typing import Any

import pytest

from pythonbuild import fetch as fetch_module
from pythonbuild.errors import BuildError, FetchError
from pythonbuild.fetch import Memory, cache_name, fetch, fetch_all
from tests.unit.loopback import (
    BODY,
    SHA256,
    Answer,
    Bench,
    Server,
    bench,
    cut,
    endless,
    origin,
    ranged,
    server,
    source,
    status,
    whole,
    wrong_part,
)

__all__ = ["bench", "server"]


def test_a_file_is_named_by_content_and_not_fetched_twice(server: Server, bench: Bench) -> None:
    wanted = origin(server.url("/z", whole()))
    path = bench.fetch(wanted)
    assert path.read_bytes() == BODY
    assert path.name == f"{SHA256[:12]}-z.tar.gz"
    assert bench.left() == [path.name]
    assert bench.fetch(wanted) == path
    assert bench.counted == len(BODY)
    assert len(server.requests["/z"]) == 1


def test_a_broken_transfer_is_continued(server: Server, bench: Bench) -> None:
    bench.fetch(origin(server.url("/z", cut(1000), ranged)))
    assert server.requests["/z"] == [None, "bytes=1000-"]
    assert bench.counted == len(BODY)
    assert len(bench.pauses) == 1


def test_a_server_that_ignores_range_starts_over(server: Server, bench: Bench) -> None:
    path = bench.fetch(origin(server.url("/z", cut(1000), whole())))
    assert path.read_bytes() == BODY
    assert bench.counted == len(BODY)


def test_a_wrong_part_starts_over(server: Server, bench: Bench) -> None:
    path = bench.fetch(origin(server.url("/z", cut(1000), wrong_part, ranged)))
    assert path.read_bytes() == BODY
    assert server.requests["/z"] == [None, "bytes=1000-", None]
    assert bench.counted == len(BODY)


def test_what_an_earlier_run_left_is_continued(server: Server, bench: Bench) -> None:
    wanted = origin(server.url("/z", ranged))
    bench.cache.mkdir()
    (bench.cache / f"{cache_name(wanted)}.part").write_bytes(BODY[:5000])
    assert bench.fetch(wanted).read_bytes() == BODY
    assert server.requests["/z"] == ["bytes=5000-"]
    assert bench.counted == len(BODY)


@pytest.mark.parametrize("left", [b"rubbish", b"x" * len(BODY), b"x" * (len(BODY) + 5)])
def test_rubbish_that_an_earlier_run_left_is_no_obstacle(server: Server, bench: Bench, left: bytes) -> None:
    wanted = origin(server.url("/z", ranged))
    bench.cache.mkdir()
    (bench.cache / f"{cache_name(wanted)}.part").write_bytes(left)
    assert bench.fetch(wanted).read_bytes() == BODY
    assert server.requests["/z"][-1] is None
    assert bench.counted == len(BODY)


def test_busy_servers_are_asked_again_later_each_time(server: Server, bench: Bench) -> None:
    bench.fetch(origin(server.url("/z", status(503), status(500), status(429, Retry_After="7"), whole())))
    assert len(server.requests["/z"]) == 4
    assert 0.5 <= bench.pauses[0] <= 1.5
    assert 1.0 <= bench.pauses[1] <= 3.0
    assert bench.pauses[2] == 7


def test_a_missing_file_is_not_asked_for_again(server: Server, bench: Bench) -> None:
    good = origin(server.url("/good", whole()))
    assert bench.fetch(origin(server.url("/z", status(404))), good).read_bytes() == BODY
    assert len(server.requests["/z"]) == 1
    assert bench.pauses == []


def test_a_wrong_checksum_is_named_and_the_next_origin_tried(
    server: Server, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = bytes(reversed(BODY))
    url = server.url("/bad", whole(bad))
    path = bench.fetch(origin(url), origin(server.url("/good", whole())))
    assert path.read_bytes() == BODY
    warning = capsys.readouterr().err
    assert f"refused {url}: wrong checksum: expected sha256 {SHA256}" in warning
    assert f"got {hashlib.sha256(bad).hexdigest()}" in warning
    assert bench.left() == [path.name]
    assert bench.counted == len(BODY)


@pytest.mark.parametrize("answer", [whole(BODY[:-1]), whole(BODY + b"x"), endless])
def test_a_wrong_size_is_named(server: Server, bench: Bench, answer: Answer) -> None:
    with pytest.raises(FetchError, match=f"wrong size: expected {len(BODY)} bytes, got"):
        bench.fetch(origin(server.url("/z", answer)))
    assert bench.left() == []
    assert bench.counted == 0


def test_origins_with_other_pins_have_other_names(server: Server, bench: Bench) -> None:
    repack = BODY[:1000]
    path = bench.fetch(origin(server.url("/z", status(404))), origin(server.url("/r", whole(repack)), body=repack))
    assert path.name.startswith(hashlib.sha256(repack).hexdigest()[:12])


def test_every_origin_and_its_reason_is_in_the_error(server: Server, bench: Bench) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/z"
    gone, broken = server.url("/gone", status(404)), server.url("/broken", cut(10))
    with pytest.raises(FetchError) as caught:
        bench.fetch(origin(closed), origin(gone), origin(broken), origin("ftp://host/z"))
    lines = caught.value.message.splitlines()
    assert lines[0] == "zlib 1.3.1 could not be fetched from any of its 4 origins"
    assert lines[1].startswith(f"  {closed}: host can't be reached (Connection refused")
    assert lines[2] == f"  {gone}: HTTP 404 Not Found"
    assert re.fullmatch(rf"  {broken}: broke off after 10 of {len(BODY)} bytes \(4 attempts\)", lines[3])
    assert lines[4] == "  ftp://host/z: not an http or https address"
    assert "--debian-mirror" in str(caught.value.hint)
    assert bench.counted == 0


def test_a_host_without_address_is_asked_once_in_a_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def resolve(host: str, *_: Any, **__: Any) -> None:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for number in range(3):
        with pytest.raises(FetchError, match="host can't be resolved"):
            bench.fetch(origin(f"https://nowhere.invalid/{number}"))
    assert asked == ["nowhere.invalid"]
    assert bench.pauses == []


def test_a_name_server_that_does_not_answer_is_asked_again(
    server: Server, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = socket.getaddrinfo, [socket.EAI_AGAIN, socket.EAI_AGAIN]

    def resolve(host: str, *words: Any, **named: Any) -> Any:
        if failures:
            raise socket.gaierror(failures.pop(), "Temporary failure in name resolution")
        return real(host, *words, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    bench.fetch(origin(server.url("/z", whole())))
    assert len(bench.pauses) == 2


def test_a_host_that_has_answered_is_not_down_for_good(
    server: Server, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.fetch(origin(server.url("/z", whole())))
    real, failures = socket.getaddrinfo, [socket.EAI_NONAME]

    def resolve(host: str, *words: Any, **named: Any) -> Any:
        if failures:
            raise socket.gaierror(failures.pop(), "Name or service not known")
        return real(host, *words, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    other = origin(server.url("/y", whole()), file="other.tar.gz")
    bench.fetch(other)
    assert len(bench.pauses) == 1


def test_a_host_that_never_answers_is_given_up_after_its_retries(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=hang_up, args=(listener, 4))
        thread.start()
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for number in range(3):
            with pytest.raises(FetchError, match="4 attempts"):
                bench.fetch(origin(f"{base}/{number}"))
        thread.join()
    assert len(bench.pauses) == 3


def hang_up(listener: socket.socket, times: int) -> None:
    for _ in range(times):
        connection, _ = listener.accept()
        connection.recv(1000)
        connection.close()


def test_a_full_disk_is_one_message_and_keeps_the_rest(
    server: Server, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pythonbuild.fetching_http.receive", full)
    good = server.url("/good", whole())
    with pytest.raises(BuildError, match=r"no space left in .*cache for z.tar.gz \(1.0 MiB\)") as caught:
        bench.fetch(origin(server.url("/z", whole())), origin(good))
    assert not isinstance(caught.value, FetchError)
    assert server.requests["/good"] == []


def test_an_unwritable_cache_is_one_message(bench: Bench) -> None:
    bench.cache.write_text("not a directory")
    with pytest.raises(BuildError, match=r"can't write z\.tar\.gz to"):
        bench.fetch(origin("http://127.0.0.1:1/z"))


def test_a_damaged_cached_file_is_named_and_fetched_again(
    server: Server, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = origin(server.url("/z", whole()))
    path = bench.fetch(wanted)
    path.write_bytes(b"x" * len(BODY))
    bench.settings = bench.settings_with()
    assert bench.fetch(wanted).read_bytes() == BODY
    assert f"{path} was damaged (wrong checksum" in capsys.readouterr().err


def test_offline_uses_the_cache_alone(server: Server, bench: Bench) -> None:
    wanted = origin(server.url("/z", whole()))
    bench.settings = bench.settings_with(offline=True)
    with pytest.raises(FetchError, match="this run is offline") as caught:
        bench.fetch(wanted)
    assert caught.value.hint == "run ./build.py fetch while there is a network"
    assert server.requests == {}
    bench.cache.mkdir(exist_ok=True)
    (bench.cache / cache_name(wanted)).write_bytes(BODY)
    assert bench.fetch(wanted).read_bytes() == BODY


def test_debian_files_come_from_the_pool_of_any_mirror(server: Server, bench: Bench) -> None:
    server.url("/two/pool/main/libf/libffi/libffi_3.4%2Bx.orig.tar.gz", whole())
    base = f"http://127.0.0.1:{server.server_port}"
    asked = []

    def mirrors(setting: str | None) -> list[str]:
        asked.append(setting)
        return [f"{base}/one", f"{base}/two/"]

    bench.settings = bench.settings_with(mirrors=mirrors, debian_mirror="given")
    bench.fetch(origin("libffi/libffi_3.4+x.orig.tar.gz", "debian"))
    assert list(server.requests) == [f"/{n}/pool/main/libf/libffi/libffi_3.4%2Bx.orig.tar.gz" for n in ("one", "two")]
    with pytest.raises(FetchError, match=r"debian zlib/z.tar.gz: HTTP 404 .*/pool/main/z/zlib/z.tar.gz\); HTTP 404"):
        bench.fetch(origin("zlib/z.tar.gz", "debian", body=b"other"))
    assert asked == ["given"]


def test_no_debian_mirror_is_a_reason(bench: Bench) -> None:
    def none(_setting: str | None) -> list[str]:
        raise BuildError("no Debian mirror is known")

    bench.settings = bench.settings_with(mirrors=none)
    with pytest.raises(FetchError, match=r"debian zlib/z.tar.gz: no Debian mirror is known"):
        bench.fetch(origin("zlib/z.tar.gz", "debian"))


def test_many_sources_come_together(server: Server, bench: Bench) -> None:
    sources = [source(origin(server.url(f"/{n}", cut(10), ranged), file=f"{n}.tar"), name=f"lib{n}") for n in range(12)]
    paths = fetch_all(sources, bench.cache, settings=bench.settings, progress=bench.progress)
    assert {name: path.name for name, path in paths.items()} == {f"lib{n}": f"{SHA256[:12]}-{n}.tar" for n in range(12)}
    assert bench.counted == 12 * len(BODY)


def test_one_failure_of_many_is_told_and_stops_the_others(server: Server, bench: Bench) -> None:
    good = [source(origin(server.url(f"/{n}", whole()), file=f"{n}"), name=f"lib{n}") for n in range(3)]
    bad = source(origin(server.url("/bad", status(404)), file="bad"), name="bad")
    with pytest.raises(FetchError, match=r"bad 1.3.1 could not be fetched"):
        fetch_all([*good, bad], bench.cache, settings=bench.settings, progress=bench.progress)
    assert not [name for name in bench.left() if name.endswith(".lock")]


def test_two_runs_at_once_fetch_a_file_once(server: Server, bench: Bench) -> None:
    wanted = source(origin(server.url("/z", whole())))
    runs = [bench.settings_with(memory=Memory()) for _ in range(4)]
    threads = [
        threading.Thread(target=fetch, args=(wanted, bench.cache), kwargs={"settings": run, "progress": bench.progress})
        for run in runs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests["/z"]) == 1
    assert bench.left() == [f"{SHA256[:12]}-z.tar.gz"]


def test_nothing_of_a_stopped_download_is_lost(server: Server, bench: Bench) -> None:
    counter = fetch_module.StoppingCounter(bench)
    counter.stopped.set()
    wanted = origin(server.url("/z", whole()))
    with pytest.raises(fetch_module.Stopped):
        fetch_module.fetch_missing(source(wanted), bench.cache, bench.settings, counter)
    assert fetch(source(wanted), bench.cache, settings=bench.settings, progress=bench.progress).read_bytes() == BODY
