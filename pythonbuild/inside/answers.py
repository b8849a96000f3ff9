"""Ask an interpreter many questions whose answers are known, and compare: what an optimizer must not change.

``python -m pythonbuild.inside.answers check`` under the interpreter in question prints each difference and exits
with 1; ``record`` writes ``answers.json`` anew (only from a build without optimization). Answers are the same
for every Python, platform and byte order; each is a checksum over thousands of small results.
"""

from __future__ import annotations

import bz2
import ctypes
import datetime as dt
import decimal
import hashlib
import hmac
import importlib
import itertools
import json
import lzma
import math
import re
import sys
import unicodedata
import zlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

RECORD = Path(__file__).with_suffix(".json")
# Around every block size of every hash, and a few long ones.
LENGTHS = (*range(140), *range(250, 262), 511, 512, 513, 1023, 1024, 1025, 4099)
OFFSETS = (0, 1, 3, 4, 7, 8, 13)
HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512")
BLAKES = ("blake2b", "blake2s")
# Python's own implementations, which stand in where OpenSSL lacks one. Their modules have had several names.
OWN = {
    "md5": ("_md5", "md5"),
    "sha1": ("_sha1", "sha1"),
    **{
        f"sha{n}": (module, f"sha{n}") for n, module in ((224, "_sha2"), (256, "_sha2"), (384, "_sha2"), (512, "_sha2"))
    },
    **{f"sha3_{n}": ("_sha3", f"sha3_{n}") for n in (224, 256, 384, 512)},
    "blake2b": ("_blake2", "blake2b"),
    "blake2s": ("_blake2", "blake2s"),
}
OLD_NAMES = {"sha224": "_sha256", "sha256": "_sha256", "sha384": "_sha512", "sha512": "_sha512"}
FRAMES = 40


def checksum(results: Iterable[object]) -> str:
    """Return FNV-1a, 64 bits, over the text of ``results``: it needs none of what is asked about."""
    value = 0xCBF29CE484222325
    for result in results:
        for byte in str(result).encode():
            value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def noise(count: int, seed: int = 1) -> Iterator[int]:
    """Yield ``count`` numbers below 2**32, the same everywhere (a linear congruential generator)."""
    state = seed
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        yield state >> 32


DATA = bytes(number & 0xFF for number in noise(8192))


def digests(make: Callable[[], Any]) -> Iterator[str]:
    """Yield digests over many lengths and alignments, given at once and in pieces."""
    view = memoryview(DATA)
    for length, offset in zip(LENGTHS, itertools.cycle(OFFSETS), strict=False):
        state = make()
        state.update(view[offset : offset + length])
        yield state.hexdigest()
        pieces = make()
        for start in range(offset, offset + length, 37):
            pieces.update(view[start : min(start + 37, offset + length)])
        yield pieces.hexdigest()


def own(name: str) -> Callable[[], Any]:
    """Return the constructor of Python's own implementation of a hash."""
    module, function = OWN[name]
    try:
        found = importlib.import_module(module)
    except ImportError:
        found = importlib.import_module(OLD_NAMES[name])
    make: Callable[[], Any] = getattr(found, function)
    return make


def hash_answers() -> Iterator[tuple[str, str]]:
    """Yield the answers of every hash, by OpenSSL and by Python itself."""
    for name in (*HASHES, *BLAKES):
        yield f"hashlib {name}", checksum(digests(getattr(hashlib, name)))
        yield f"own {name}", checksum(digests(own(name)))
    keys = (DATA[:length] for length in (0, 1, 63, 64, 65, 127, 128, 129))
    yield "hmac", checksum(hmac.new(key, DATA[: len(key) * 5], "sha256").hexdigest() for key in keys)
    yield "pbkdf2", hashlib.pbkdf2_hmac("sha512", DATA[:20], DATA[20:40], 1000).hex()
    yield "scrypt", hashlib.scrypt(DATA[:20], salt=DATA[20:40], n=256, r=8, p=1).hex()
    yield "shake", hashlib.shake_128(DATA).hexdigest(99)
    yield "crc32", checksum(zlib.crc32(DATA[offset : offset + length]) for length in LENGTHS for offset in OFFSETS)
    yield "adler32", checksum(zlib.adler32(DATA[offset : offset + length]) for length in LENGTHS for offset in OFFSETS)


def texts() -> tuple[bytes, ...]:
    """Return what is compressed: nothing, noise, repetition, prose, all bytes, a long run."""
    words = [f"word{number % 97} " for number in noise(6000, 5)]
    return (b"", DATA, b"abc" * 9000, "".join(words).encode(), bytes(range(256)) * 40, b"\0" * 70000)


def round_trips() -> Iterator[tuple[str, str]]:
    """Yield whether everything that is compressed comes back, by method and level."""
    methods: dict[str, tuple[Callable[[bytes], bytes], list[Callable[[bytes], bytes]]]] = {
        "zlib": (zlib.decompress, [partial(zlib.compress, level=level) for level in range(10)]),
        "bz2": (bz2.decompress, [partial(bz2.compress, compresslevel=level) for level in (1, 5, 9)]),
        "lzma": (lzma.decompress, [partial(lzma.compress, preset=level) for level in (0, 3, 6)]),
    }
    for name, (unpack, packs) in methods.items():
        same = all(unpack(pack(text)) == text for pack in packs for text in texts())
        yield f"round trip {name}", str(same)
    if sys.version_info >= (3, 14):
        zstd = importlib.import_module("compression.zstd")
        same = all(zstd.decompress(zstd.compress(text, level)) == text for level in (-3, 1, 9, 19) for text in texts())
        yield "round trip zstd", str(same)


def floats() -> Iterator[float]:
    """Yield many numbers of all sizes."""
    for mantissa, exponent in zip(noise(3000, 7), noise(3000, 8), strict=True):
        yield math.ldexp(mantissa - 2**31, exponent % 1900 - 1000)


def number_answers() -> Iterator[tuple[str, str]]:
    """Yield the answers of arithmetic whose results are exact everywhere."""
    yield "float repr", checksum(map(repr, floats()))
    yield "float parse", checksum(float(repr(number)) == number for number in floats())
    yield "float format", checksum(f"{number:.5g} {number:e} {number.hex()}" for number in floats())
    yield (
        "float arithmetic",
        checksum(
            (a + b, a * 0.3, a / (b or 1.0), math.sqrt(abs(a)), math.floor(math.fmod(a, 1e9)) if abs(a) < 1e300 else 0)
            for a, b in itertools.pairwise(floats())
        ),
    )
    big = [a**11 * 2**b - a for a, b in zip(noise(300, 9), (n % 900 for n in noise(300, 10)), strict=True)]
    yield (
        "int",
        checksum(
            (a * b, a // (b or 1), a % (b or 1), math.gcd(a, b), a ^ b, a >> 17) for a, b in itertools.pairwise(big)
        ),
    )
    yield "int pow", checksum(pow(a, 65537, b | 1) for a, b in itertools.pairwise(big) if b > 0)
    yield "int text", checksum((str(a), hex(a), int(str(a)) == a, a.bit_length(), math.isqrt(abs(a))) for a in big)
    context = decimal.Context(prec=50)
    values = [decimal.Decimal(number) / 7 for number in noise(200, 11)]
    yield (
        "decimal",
        checksum((context.multiply(a, b), context.sqrt(a), context.ln(b)) for a, b in itertools.pairwise(values)),
    )


def object_answers() -> Iterator[tuple[str, str]]:
    """Yield the answers of text, containers and parsers."""
    numbers = list(noise(4000, 12))
    words = [f"{number:x}" for number in numbers]
    ordered = sorted(words, key=lambda word: (len(word), word[::-1]))
    yield "sort", checksum(ordered)
    yield "dict", checksum({word[:3]: word for word in words}.items())
    yield (
        "str",
        checksum(
            (w.upper(), w.replace("a", "--"), w.split("f"), w.zfill(12), w.find("ee"), w.center(15)) for w in words
        ),
    )
    yield "re", checksum(re.findall(r"(?P<a>[0-9]+)([a-f]{2,3}?)(?=\d|$)|(e+)", " ".join(words)))
    yield "re sub", checksum([re.sub(r"([a-f])(\d)", r"\2\1", " ".join(words)), re.split(r"[0-4]+", " ".join(words))])
    record = {
        "words": words[:500],
        "numbers": numbers[:500],
        "floats": list(floats())[:200],
        "text": "é \u2028 \U0001f600\\",
    }
    text = json.dumps(record, sort_keys=True)
    yield "json", checksum([text, json.loads(text) == record, json.dumps(record, indent=1, ensure_ascii=False)])
    yield (
        "unicode",
        checksum(
            (unicodedata.normalize(form, chr(number % 0x180)), chr(number % 0x180).upper().encode("utf-16-le").hex())
            for number in numbers
            for form in ("NFC", "NFKD")
        ),
    )
    start = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    moments = [start + dt.timedelta(seconds=number) for number in numbers]
    yield "datetime", checksum((moment.isoformat(), moment.isocalendar()[1], moment.toordinal()) for moment in moments)
    yield "classes", checksum(classes(numbers))
    yield "exceptions", checksum(exceptions(numbers))
    totals = itertools.accumulate(chain(numbers), mixed)
    yield "generators", checksum(totals)


def classes(numbers: list[int]) -> Iterator[object]:
    """Yield what methods, operators and subclasses of built-in types answer."""

    class Text(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return str.__eq__(self.lower(), str(other).lower())

        def __hash__(self) -> int:
            return 1

    class Number(int):
        def __add__(self, other: int) -> Number:
            return Number(int(self) + int(other) + 1)

    for number in numbers[:400]:
        text = Text(f"{number:X}")
        yield text == f"{number:x}", text in {Text(text.lower()), Text("x")}, isinstance(text, str), text[1:]
        yield (
            Number(number) + 5,
            Number(number) * 2,
            -Number(number),
            [*"ab"][number % 2],
            (number, text) < (number, "z"),
        )


def exceptions(numbers: list[int]) -> Iterator[object]:
    """Yield what try, finally and with leave behind."""
    for number in numbers[:2000]:
        seen: list[object] = []
        nothing: dict[int, int] = {}
        try:
            try:
                seen.append(100 // (number % 5))
                seen.append(nothing[number % 3])
            except ZeroDivisionError as error:
                raise ValueError(str(error)) from error
            finally:
                seen.append(number % 7)
        except (ValueError, KeyError) as error:
            seen.append(type(error).__name__)
        yield seen


def mixed(total: int, number: int) -> int:
    """Return a number made of both."""
    return (total * 3 + number) % 1000003


def chain(numbers: list[int]) -> Iterator[int]:
    """Yield from generators inside generators."""
    for start in range(0, len(numbers), 100):
        yield from (number % 1000 for number in numbers[start : start + 100])


def backtrace_answer() -> Iterator[tuple[str, str]]:
    """Yield whether the stack can be walked from a callback below many Python frames down to the start.

    What an optimizer breaks in the tables for unwinding shows only here, or in a debugger.
    """
    try:
        libc = ctypes.CDLL(None)
        walk = libc.backtrace
    except (AttributeError, OSError):
        return
    counts: list[int] = []

    def compare(_: object, __: object) -> int:
        counts.append(walk((ctypes.c_void_p * 2000)(), 2000))
        return 0

    function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(compare)

    def deep(level: int) -> None:
        if level:
            # Through C code again and again, so that every level has frames of its own.
            list(map(deep, [level - 1]))
        else:
            libc.qsort((ctypes.c_int * 2)(2, 1), ctypes.c_size_t(2), ctypes.c_size_t(4), function)

    deep(0)
    shallow = counts[-1]
    deep(FRAMES)
    yield "backtrace", str(counts[-1] - shallow >= 2 * FRAMES)


def answers() -> dict[str, str]:
    """Return every answer of this interpreter by the name of its question."""
    groups = (hash_answers, round_trips, number_answers, object_answers, backtrace_answer)
    return dict(itertools.chain.from_iterable(group() for group in groups))


def differences(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    """Return a line for every answer that is not the expected one. What can't be asked here is no difference."""
    return [
        f"{name}: {value}, expected {expected.get(name, 'no such question')}"
        for name, value in found.items()
        if expected.get(name) != value
    ]


def main(words: list[str]) -> int:
    """Check or record; return the exit status."""
    found = answers()
    if words == ["record"]:
        RECORD.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
        return 0
    wrong = differences(found, json.loads(RECORD.read_text()))
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{len(found)} answers, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
