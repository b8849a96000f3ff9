"""Enter a root filesystem and run one command in it. Standard library only; started as a script.

``python3 -I launcher.py SPEC STATUS`` reads the JSON object SPEC and writes to the file descriptor
STATUS only if the place could not be made. Three processes are involved:

* the launcher leaves for new namespaces, and dies when the driver dies (``PR_SET_PDEATHSIG``);
* the init is process 1 of the new pid namespace. It mounts, starts the command, collects orphans and
  ends with the command. With it the kernel ends everything else in the namespace;
* the command itself.

``isolation`` is ``user`` (unprivileged namespaces), ``root`` (the same without a user namespace) or
``chroot`` (no namespaces at all). Constants are those of the kernel's uapi headers.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_MOVE = 32, 1024, 2048, 4096, 8192
MS_REC, MS_PRIVATE, MS_RELATIME = 16384, 1 << 18, 1 << 21
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
# What statvfs calls a flag is the same bit for mount, but for the last.
LOCKED_FLAGS = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME
ST_RELATIME = 4096
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}
SEPARATE = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS

libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    """Raise ``OSError`` naming ``what`` when a libc call failed."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def attach(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    """Show the file system ``source`` of type ``kind`` at ``target``, as mount(2) does."""
    result = libc.mount(
        source.encode(), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), data.encode() or None
    )
    check(result, f"mount {kind or source} on {target}")


def bind(source: str, target: str) -> None:
    """Show ``source`` at ``target`` too."""
    attach(source, target, "none", MS_BIND | MS_REC)


def die_with_parent(signum: int, parent: int) -> None:
    """Have this process killed when ``parent`` dies; leave at once when it is dead already."""
    check(libc.prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os._exit(1)


def leave(isolation: str) -> None:
    """Move this process to new namespaces; in a user namespace it is root over its own user alone."""
    user, group = os.geteuid(), os.getegid()
    flags = SEPARATE | (CLONE_NEWUSER if isolation == "user" else 0)
    check(libc.unshare(flags), "unshare")
    if isolation == "user":
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1\n")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1\n")


def loopback_up() -> None:
    """Bring up ``lo``, which is down in a new network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP | IFF_RUNNING))


def mount_read_only(root: str) -> None:
    """Make the mount at ``root`` read-only, keeping the flags that a user namespace may not drop."""
    present = os.statvfs(root).f_flag
    kept = (present & LOCKED_FLAGS) | (MS_RELATIME if present & ST_RELATIME else 0)
    attach("none", root, "none", MS_BIND | MS_REMOUNT | MS_RDONLY | kept)


def mount_devices(dev: str) -> None:
    """Make a small ``/dev`` out of the machine's own harmless devices."""
    attach("tmpfs", dev, "tmpfs", MS_NOSUID, "mode=755")
    for name in DEVICES:
        if os.path.exists(f"/dev/{name}"):  # noqa: PTH110 - pathlib only slows the start
            Path(f"{dev}/{name}").touch()
            bind(f"/dev/{name}", f"{dev}/{name}")
    for name in ("shm", "pts"):
        os.mkdir(f"{dev}/{name}")  # noqa: PTH102
    attach("tmpfs", f"{dev}/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    attach("devpts", f"{dev}/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    for name, target in DEVICE_LINKS.items():
        os.symlink(target, f"{dev}/{name}")  # noqa: PTH211


def mount_proc(proc: str) -> None:
    """Mount a new /proc; where the machine forbids that (inside some containers), show its own."""
    try:
        attach("proc", proc, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    except OSError:
        bind("/proc", proc)


def enter(root: str, binds: dict[str, str]) -> None:
    """Make ``root`` with the directories ``binds`` (name inside -> directory) the new ``/``."""
    attach("none", "/", "none", MS_REC | MS_PRIVATE)
    bind(root, root)
    mount_read_only(root)
    for name, directory in binds.items():
        bind(directory, f"{root}/{name}")
    mount_devices(f"{root}/dev")
    mount_proc(f"{root}/proc")
    os.chdir(root)
    attach(root, "/", "none", MS_MOVE)
    os.chroot(".")


def execute(spec: dict[str, Any]) -> NoReturn:
    """Become the command, with signals and descriptors as a fresh program expects them."""
    for signum in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(signum, signal.SIG_DFL)
    command: list[str] = spec["command"]
    try:
        os.chdir(spec["cwd"])
        os.execvpe(command[0], command, spec["env"])  # noqa: S606 - a command line, not a shell string
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def exit_code(status: int) -> int:
    """Return the exit status of a shell for the wait status ``status``."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def reap_until(process: int) -> int:
    """Collect children, adopted ones included, until ``process`` ends; return its exit status."""
    while True:
        try:
            ended, status = os.wait()
        except InterruptedError:
            continue
        if ended == process:
            return exit_code(status)


def fork(child: Callable[[], NoReturn]) -> int:
    """Run ``child`` in a new process and return its number."""
    process = os.fork()
    if process == 0:
        child()
    return process


def descendants(process: int) -> list[int]:
    """Return all processes below ``process``, read from /proc."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text(errors="replace")
            except OSError:
                continue
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry))
    found, waiting = [], [process]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def kill_descendants() -> None:
    """Kill everything below this process, until nothing is left."""
    while processes := descendants(os.getpid()):
        for process in processes:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return


def report(status: int, error: OSError) -> NoReturn:
    """Tell the driver why the place could not be made."""
    os.write(status, (error.strerror or str(error)).encode())
    os._exit(1)


def run_isolated(spec: dict[str, Any], status: int) -> int:
    """Run the command as a child of a new pid namespace's init; return its exit status."""
    try:
        leave(spec["isolation"])
        die_with_parent(signal.SIGKILL, spec["driver"])
    except OSError as error:
        report(status, error)

    alive, launcher = os.pipe()

    def init() -> NoReturn:
        try:
            check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
            os.close(launcher)
            if select.select([alive], [], [], 0)[0]:  # the launcher died before the line above
                os._exit(1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            socket.sethostname("build")
            loopback_up()
            enter(spec["root"], spec["binds"])
        except OSError as error:
            report(status, error)
        os._exit(reap_until(fork(lambda: execute(spec))))

    process = fork(init)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(process, signal.SIGKILL))
    return reap_until(process)


def run_chroot(spec: dict[str, Any], status: int) -> int:
    """Run the command in a plain chroot; on any end, kill everything that descends from here."""
    check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")

    def stop(*_: object) -> NoReturn:
        kill_descendants()
        os._exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    die_with_parent(signal.SIGTERM, spec["driver"])

    def child() -> NoReturn:
        try:
            os.chroot(spec["root"])
        except OSError as error:
            report(status, error)
        execute(spec)

    code = reap_until(fork(child))
    kill_descendants()
    return code


def probe(isolation: str) -> None:
    """Find out whether ``isolation`` works here; ``OSError`` when it doesn't."""
    if isolation == "chroot":
        return os.chroot("/")
    leave(isolation)
    process = os.fork()
    if process == 0:
        try:
            loopback_up()
            attach("none", "/", "none", MS_REC | MS_PRIVATE)
            attach("tmpfs", "/tmp", "tmpfs")  # noqa: S108 - in a mount namespace that ends at once
        except OSError as error:
            os.write(2, (error.strerror or str(error)).encode())
            os._exit(1)
        os._exit(0)
    if reap_until(process) != 0:
        sys.exit(1)
    return None


def main(arguments: list[str]) -> int:
    """Run what the command line asks for."""
    if arguments[0] == "probe":
        try:
            probe(arguments[1])
        except OSError as error:
            sys.stderr.write(error.strerror or str(error))
            return 1
        return 0
    spec, status = json.loads(Path(arguments[0]).read_text()), int(arguments[1])
    os.set_inheritable(status, False)  # noqa: FBT003 - positional only
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o022)
    run = run_chroot if spec["isolation"] == "chroot" else run_isolated
    return run(spec, status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
