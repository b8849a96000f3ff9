"""Tests: other machines, acted out on this one: old kernels, clocks that step, the trees of other Linux systems."""

from __future__ import annotations

import platform
import shlex
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pythonbuild.disttest.facts import target_of
from pythonbuild.disttest.model import Case, CaseFailed, CaseSkipped
from pythonbuild.disttest.subject import CPU

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pythonbuild.disttest.subject import Subject
    from pythonbuild.target import Target

FILES = Path(__file__).parent / "files"

# Where systems keep the certificates that they trust.
CERTIFICATES = {
    "debian": "/etc/ssl/certs/ca-certificates.crt",
    "red-hat": "/etc/pki/tls/cert.pem",
    "fedora-43": "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "alpine": "/etc/ssl/cert.pem",
    "suse": "/etc/ssl/ca-bundle.pem",
    # A store that is a directory alone, as openssl rehash makes it: files by the hash of the subject.
    "hashed": "/etc/ssl/certs/{hash}.0",
}
# A handshake in memory with a server whose certificate is in the machine's store, or is not.
_HANDSHAKE = """
import ssl, sys
server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server.load_cert_chain(sys.argv[1])
a, b = ssl.MemoryBIO(), ssl.MemoryBIO()
client = ssl.create_default_context().wrap_bio(a, b, server_hostname='localhost')
ends = [client, server.wrap_bio(b, a, server_side=True)]
for _ in range(9):
    for end in ends:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLCertVerificationError as error:
            print('refused'); sys.exit()
print('trusted', ends[0].version())
"""
# Directories that hold terminal descriptions on some system or other.
TERMINALS = ("/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo")
_COMMON_TERMINALS = ("xterm", "xterm-256color", "linux", "screen", "tmux-256color", "vt100", "dumb")
_CLOCK = """
import threading, time
before = time.monotonic()
assert not threading.Event().wait(0.2)
lock = threading.Lock(); lock.acquire(); assert not lock.acquire(timeout=0.2)
assert time.monotonic() - before < 10
"""
# System calls that Linux 3.10 (CentOS 7) lacks, or that sandboxes of later ones refuse: numbers of x86_64 and of the
# processors with the common table (include/uapi/asm-generic/unistd.h).
_CALLS = {
    "getrandom": (318, 278), "memfd_create": (319, 279), "copy_file_range": (326, 285), "preadv2": (327, 286),
    "pwritev2": (328, 287), "statx": (332, 291), "pidfd_open": (434, 434), "clone3": (435, 435),
    "close_range": (436, 436), "openat2": (437, 437), "faccessat2": (439, 439), "futex_waitv": (449, 449),
    "rseq": (334, 293), "execveat": (322, 281), "renameat2": (316, 276),
}  # fmt: skip
# A seccomp filter (linux/filter.h) that answers ENOSYS to these calls, and a program started behind it.
_FILTER = """
import ctypes, os, struct, sys
calls = {calls}
code = struct.pack('HBBI', 0x20, 0, 0, 0)
for number in calls:
    code += struct.pack('HBBI', 0x15, 0, 1, number) + struct.pack('HBBI', 0x06, 0, 0, 0x00050000 | 38)
code += struct.pack('HBBI', 0x06, 0, 0, 0x7fff0000)
buffer = ctypes.create_string_buffer(code, len(code))
program = ctypes.create_string_buffer(struct.pack('HxxxxxxP', len(code) // 8, ctypes.addressof(buffer)))
c = ctypes.CDLL(None, use_errno=True)
if c.prctl(38, 1, 0, 0, 0) or c.prctl(22, 2, program, 0, 0):
    print('no filter', os.strerror(ctypes.get_errno())); sys.exit()
os.execv(sys.executable, [sys.executable, '-c', {then!r}])
"""
_MUCH = """
import os, sys, shutil, subprocess, tempfile, threading, random, uuid, secrets, asyncio, multiprocessing, errno
for call in (lambda: os.getrandom(8), lambda: os.memfd_create('x'), lambda: os.pidfd_open(os.getpid())):
    try:
        call()
    except OSError as error:
        assert error.errno == errno.ENOSYS, error
    else:
        raise SystemExit('the filter is not there')
assert len(os.urandom(16)) == len(secrets.token_bytes(16)) == 16
uuid.uuid1(); random.SystemRandom().random()
with tempfile.TemporaryDirectory() as place:
    one = os.path.join(place, 'one')
    with open(one, 'wb') as file:
        file.write(b'x' * 70000)
    shutil.copy2(one, one + '2'); os.rename(one, one + '3'); shutil.copytree(place, place + '/t')
    assert os.stat(one + '2').st_size == 70000 and os.access(one + '2', os.R_OK)
    assert [entry.stat().st_size for entry in os.scandir(place) if entry.is_file()] == [70000] * 2
    shutil.rmtree(place + '/t')
thread = threading.Thread(target=int); thread.start(); thread.join()
assert subprocess.check_output([sys.executable, '-c', 'print(1)'], close_fds=True) == b'1\\n'
async def main():
    process = await asyncio.create_subprocess_exec(sys.executable, '-c', 'pass')
    return await process.wait()
assert asyncio.run(main()) == 0
with multiprocessing.get_context('fork').Pool(1) as pool:
    assert pool.map(abs, [-1]) == [1]
print('much works')
"""
# The lowest processor of the machine's own kind, as its qemu-x86_64 calls it; of others targets.yml says it.
LOWEST = {"x86_64": "qemu64", "x86_64_v2": "Nehalem", "x86_64_v3": "Haswell"}
NO_LOWEST = {
    "x86_64_v4": "qemu has no processor with AVX-512",
    "s390x": "qemu runs later instructions on its old processors, too",
    "loongarch64": "its first processor is the only one that qemu has",
}
# What optimizers take instructions of a newer kind for, and what asks for them at run time.
_ARITHMETIC = """
import bz2, decimal, hashlib, json, lzma, math, sqlite3, ssl, zlib
data = bytes(range(256)) * 99
for module in bz2, lzma, zlib:
    assert module.decompress(module.compress(data)) == data
zlib.crc32(data), zlib.adler32(data)
for name in hashlib.algorithms_guaranteed:
    hashlib.new(name, data)
assert str(decimal.Decimal(2).sqrt())[:8] == '1.414213' and math.isclose(math.exp(math.log(7.5)), 7.5)
assert json.loads(json.dumps([n / 3 for n in range(999)])) == [n / 3 for n in range(999)]
database = sqlite3.connect(':memory:')
database.execute('create table t (x)'); database.executemany('insert into t values (?)', ((n / 2,) for n in range(10)))
assert database.execute('select sum(x) from t').fetchone() == (22.5,)
database.close()
ssl.create_default_context()
print('runs')
"""


def inside(subject: Subject, mounts: Sequence[str], command: Sequence[str | Path]) -> str:
    """Run a command in mount and user namespaces after some lines of shell; skip the test where there are none."""
    program = shutil.which("unshare")
    if program is None:
        raise CaseSkipped("this machine has no unshare")
    enter = [program, "--user", "--map-root-user", "--mount", "--", "sh", "-ec"]
    try:
        subject.run([*enter, "mount -t tmpfs none /etc"])
    except CaseFailed as failed:
        raise CaseSkipped(f"no namespaces here: {failed}") from failed
    return subject.run([*enter, "\n".join([*mounts, 'exec "$@"']), "sh", *command])


def trusted_certificates(subject: Subject, system: str) -> None:
    """Shake hands with a server that is trusted by a file where ``system`` keeps it, and refuse it without."""
    program = shutil.which("openssl")
    if program is None:
        raise CaseSkipped("this machine has no openssl to make a certificate with")
    place = subject.scratch(f"certificates-{system}")
    key, certificate = place / "key.pem", place / "certificate.pem"
    subject.run([
        program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=DNS:localhost", "-addext", "keyUsage=critical,digitalSignature,keyCertSign", "-keyout", key,
        "-out", certificate,
    ])  # fmt: skip
    both = place / "both.pem"
    both.write_text(key.read_text() + certificate.read_text())
    empty = "mount -t tmpfs none /etc"
    digest = subject.run([program, "x509", "-noout", "-subject_hash", "-in", certificate]).strip()
    file = CERTIFICATES[system].format(hash=digest)
    copy = f"mkdir -p {Path(file).parent}; cp {shlex.quote(str(certificate))} {file}"
    command: list[str | Path] = [subject.python, "-c", _HANDSHAKE, both]
    for mounts, wanted in (([empty, copy], "trusted TLSv1.3"), ([empty], "refused")):
        answer = inside(subject, mounts, command).strip()
        if answer != wanted:
            raise CaseFailed(f"with {file if len(mounts) > 1 else 'no certificates'} the server was {answer or '?'}")


def no_descriptions(subject: Subject) -> None:
    """Know the common terminals on a machine that describes none, with no variable that points at a description."""
    there = [place for place in (*TERMINALS, "/usr/lib/terminfo") if Path(place).is_dir()]
    mounts = [f"mount -t tmpfs none {place}" for place in there]
    code = f"import curses\nfor name in {_COMMON_TERMINALS!r}: curses.setupterm(name, 1)"
    inside(subject, mounts, [subject.python, "-c", code])


def descriptions(subject: Subject) -> None:
    """Find the description of a terminal that only the machine knows, in each directory where systems have them."""
    program = shutil.which("tic")
    if program is None:
        raise CaseSkipped("this machine has no tic to describe a terminal with")
    place = subject.scratch("terminals")
    (place / "probe.ti").write_text("disttest-probe|a terminal of no one, cols#77,\n")
    subject.run([program, "-o", place / "compiled", place / "probe.ti"])
    code = "import curses; curses.setupterm('disttest-probe', 1); assert curses.tigetnum('cols') == 77"
    left_out = []
    for directory in TERMINALS:
        there = Path(directory).parent if not Path(directory).is_dir() else Path(directory)
        if there == Path("/etc") or there == Path(directory):
            mounts = [f"mount -t tmpfs none {there}", f"mkdir -p {directory}"]
            mounts.append(f"cp -r {shlex.quote(str(place / 'compiled'))}/. {directory}/")
            inside(subject, mounts, [subject.python, "-c", code])
        else:
            left_out.append(directory)
    if left_out:
        raise CaseSkipped(f"found elsewhere; this machine has no {' and no '.join(left_out)} to put one into")


def old_kernel(subject: Subject) -> None:
    """Start and use much behind a filter that answers as a kernel would that lacks newer system calls.

    OpenSSL's own random numbers are left out: where uname names a kernel from 4.8 on, it takes no getrandom() for a
    defect and refuses (DEVRANDOM_SAFE_KERNEL in providers/implementations/rands/seeding/rand_unix.c).
    """
    if "static" in subject.options:
        raise CaseSkipped("a static program has no ctypes functions to install the filter with")
    column = {"x86_64": 0, "aarch64": 1, "riscv64": 1}.get(platform.machine())
    if column is None or subject.triple.partition("-")[0].startswith("i686"):
        raise CaseSkipped("the numbers of this processor's system calls are not in the table")
    numbers = sorted(row[column] for row in _CALLS.values())
    answer = subject.code(_FILTER.format(calls=numbers, then=_MUCH))
    if answer.startswith("no filter"):
        raise CaseSkipped(f"this kernel takes no seccomp filter: {answer}")
    if answer != "much works":
        raise CaseFailed(f"the program printed {answer!r}")


def clock_step(subject: Subject) -> None:
    """Wait with a time limit while the wall clock is set back by a minute: the wait does not notice."""
    if "static" in subject.options:
        raise CaseSkipped("nothing can be preloaded into a static program")
    if subject.musl:
        raise CaseSkipped("musl has no sem_clockwait: there a step of the clock makes waits longer")
    place = subject.scratch("clock")
    subject.run([subject.compiler(), "-shared", "-fPIC", FILES / "clock.c", "-o", place / "clock.so"])
    impatient = replace(subject, timeout=30)
    look = "import time, datetime; print(time.time() - __import__('os').stat('/proc/self').st_mtime > 30)"
    environment = {"LD_PRELOAD": str(place / "clock.so")}
    if impatient.code(look, env=environment) != "True":
        raise CaseSkipped("the preloaded clock is not asked")
    impatient.code(_CLOCK, env=environment)


def acted_out(target: Target) -> str:
    """Return the processor that the emulator of a target acts out while it is built; nothing where it has no choice."""
    words = target.emulator
    return words[words.index("-cpu") + 1] if "-cpu" in words else ""


def lowest_processor(subject: Subject) -> None:
    """Calculate on the lowest processor of the target: nothing needs a newer one's instructions."""
    arch, prefix = subject.triple.partition("-")[0], []
    lowest = LOWEST.get(arch) or acted_out(target_of(subject))
    if not lowest:
        raise CaseSkipped(NO_LOWEST.get(arch, f"no lowest processor is known for {arch}"))
    if arch in LOWEST:
        emulator = shutil.which("qemu-x86_64")
        if emulator is None:
            raise CaseSkipped("this machine has no qemu-x86_64 (Debian: qemu-user)")
        prefix = [emulator, "-cpu", lowest]
    elif subject.environment.get(CPU) != lowest:
        raise CaseSkipped(f"the processor here may be a newer one: run this under ci/emulated.py --cpu {lowest}")
    answer = subject.run([*prefix, subject.python, "-c", _ARITHMETIC]).strip()
    if answer.splitlines()[-1:] != ["runs"]:
        raise CaseFailed(f"the program printed {answer!r}")


CASES = (
    *(Case(f"machines.certificates-{name}", partial(trusted_certificates, system=name)) for name in CERTIFICATES),
    Case("machines.no-terminal-descriptions", no_descriptions),
    Case("machines.terminal-descriptions", descriptions),
    Case("machines.old-kernel", old_kernel),
    Case("machines.clock-step", clock_step),
    Case("machines.lowest-processor", lowest_processor),
)
