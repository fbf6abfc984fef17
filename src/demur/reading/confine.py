"""What the child process gives up before it looks at a stranger's file: memory, time, files to write, the network."""

from __future__ import annotations

import ctypes
import platform
import resource
import struct
import sys

# Linux system calls by architecture, from its table of numbers: socket, execve, execveat (AUDIT_ARCH value first).
_CALLS = {"x86_64": (0xC000003E, (41, 59, 322)), "aarch64": (0xC00000B7, (198, 221, 281))}
_DENIED_EVENTS = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")


def bound(memory: int, seconds: float) -> None:
    """Set hard limits: `memory` bytes of address space, twice `seconds` of CPU time (two cores), no file writing."""
    cpu = max(1, int(seconds * 2))
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        hard = resource.getrlimit(what)[1]
        value = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (value, value))


def cut_off() -> bool:
    """Forbid new sockets and new programs for the rest of this process; whether the kernel enforces it.

    Where it does not (no Linux, another architecture) Python's own audit hook still refuses them.
    """
    sys.addaudithook(_refuse)
    try:
        return _seccomp()
    except (OSError, AttributeError):
        return False


def _refuse(event: str, _arguments: object) -> None:
    if event.startswith(_DENIED_EVENTS):
        raise PermissionError(f"{event} is closed to the reader")


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def _seccomp() -> bool:
    # A classic BPF program (seccomp(2)): load the architecture, then the call's number; the listed calls fail with
    # EPERM, all others pass. Parsers and the recogniser need neither sockets nor other programs.
    if platform.system() != "Linux" or platform.machine() not in _CALLS:
        return False
    architecture, calls = _CALLS[platform.machine()]
    load, equal, give = 0x20, 0x15, 0x06
    allow, deny, kill = 0x7FFF0000, 0x00050001, 0x80000000
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, kill), (load, 0, 0, 0)]
    steps += [(equal, len(calls) - i, 0, number) for i, number in enumerate(calls)]
    steps += [(give, 0, 0, allow), (give, 0, 0, deny)]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_seccomp, filter_mode = 38, 22, 2
    if libc.prctl(no_new_privileges, 1, 0, 0, 0) != 0:
        return False
    program = _Program(len(steps), code)
    return bool(libc.prctl(set_seccomp, filter_mode, ctypes.byref(program), 0, 0) == 0)
