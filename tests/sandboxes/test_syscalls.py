"""The filter of system calls decides as its table says, on both architectures.

It is compiled by libseccomp and run here, on numbers and arguments, by an interpreter of the
kernel's BPF: so what an aarch64 kernel would answer is tested on any machine.
"""

import ctypes
import errno
import struct
import sys
from pathlib import Path
from types import ModuleType

import pytest

sys.path.append(str(Path(__file__).parents[2] / "sandboxes" / "inside"))
import syscalls  # type: ignore[import-not-found]

LIBRARY = "libseccomp.so.2"
try:
    ctypes.CDLL(LIBRARY)
except OSError:
    pytest.skip(f"{LIBRARY} is not here", allow_module_level=True)

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
EPERM, ENOSYS = syscalls.ERRNO | errno.EPERM, syscalls.ERRNO | errno.ENOSYS
PID = 4321


def decide(program: bytes, architecture: int, number: int, *args: int) -> int:
    """What the kernel would do: the value that the filter returns."""
    padded = [*args, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *padded)
    accumulator = at = 0
    while True:
        code, true, false, k = struct.unpack_from("<HBBI", program, 8 * at)
        at += 1
        if code == 0x20:  # load a word
            (accumulator,) = struct.unpack_from("<I", data, k)
        elif code == 0x54:  # and
            accumulator &= k
        elif code == 0x06:
            return int(k)
        elif code == 0x05:
            at += k
        else:
            holds = {
                0x15: accumulator == k,
                0x25: accumulator > k,
                0x35: accumulator >= k,
                0x45: bool(accumulator & k),
            }[code]
            at += true if holds else false


class Filters:
    """Both parts, for one architecture."""

    def __init__(self, name: str) -> None:
        self.architecture = ARCHITECTURES[name]
        self.zygote = syscalls.for_zygote(self.architecture)
        own = syscalls.for_candidate(self.architecture)
        self.candidate = own.replace(struct.pack("=I", syscalls.OWN), struct.pack("=I", PID))
        self.library = ctypes.CDLL(LIBRARY)

    def number(self, name: str) -> int:
        found = self.library.seccomp_syscall_resolve_name_arch(
            ctypes.c_uint32(self.architecture), name.encode()
        )
        return int(found)

    def of_candidate(self, name: str, *args: int) -> int:
        """The stricter of both answers, as the kernel takes it."""
        number = self.number(name)
        answers = [
            decide(program, self.architecture, number, *args)
            for program in (self.zygote, self.candidate)
        ]
        return min(answers, key=_strictness)

    def of_zygote(self, name: str, *args: int) -> int:
        return decide(self.zygote, self.architecture, self.number(name), *args)


def _strictness(action: int) -> tuple[int, int]:
    order = {syscalls.KILL_PROCESS: 0, syscalls.ERRNO: 1, syscalls.ALLOW: 2}
    return order[action & 0xFFFF0000], action


@pytest.fixture(scope="module", params=ARCHITECTURES)
def filters(request: pytest.FixtureRequest) -> Filters:
    return Filters(request.param)


def test_what_is_allowed_is_allowed(filters: Filters) -> None:
    for name in syscalls.ALLOWED:
        if filters.number(name) >= 0:
            assert filters.of_candidate(name) == syscalls.ALLOW, name


def test_what_is_denied_is_denied_and_not_fatal(filters: Filters) -> None:
    for name in syscalls.DENIED + syscalls.HANDED_DOWN:
        if filters.number(name) >= 0:
            assert filters.of_candidate(name) == EPERM, name


def test_the_zygote_may_do_what_makes_a_candidate_and_no_more(filters: Filters) -> None:
    for name in syscalls.HANDED_DOWN:
        if filters.number(name) >= 0:
            assert filters.of_zygote(name) == syscalls.ALLOW, name
    assert filters.of_zygote("socket") == EPERM
    assert filters.of_zygote("io_uring_setup") == EPERM


def test_what_no_list_knows_is_as_if_the_kernel_had_it_not(filters: Filters) -> None:
    assert filters.of_candidate("clone3") == ENOSYS
    unknown = decide(filters.zygote, filters.architecture, 9999)
    assert unknown == ENOSYS


def test_every_system_call_the_library_knows_has_been_thought_about(filters: Filters) -> None:
    listed = {*syscalls.ALLOWED, *syscalls.DENIED, *syscalls.HANDED_DOWN}
    by_argument = {"clone", "clone3", "tgkill", "prlimit64", "fcntl", "ioctl", "prctl"}
    gone = {"afs_syscall", "getpmsg", "putpmsg", "security", "tuxcall", "vserver"}
    gone |= {"epoll_ctl_old", "epoll_wait_old", "get_thread_area", "set_thread_area"}
    resolve = filters.library.seccomp_syscall_resolve_num_arch
    resolve.restype = ctypes.c_void_p
    known = {
        ctypes.string_at(name).decode()
        for number in range(600)
        if (name := resolve(ctypes.c_uint32(filters.architecture), number))
    }

    assert not known - listed - by_argument - gone


def test_a_list_names_nothing_twice() -> None:
    names = [*syscalls.ALLOWED, *syscalls.DENIED, *syscalls.HANDED_DOWN]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "args", "allowed"),
    [
        ("clone", (0x3D0F00,), True),  # as pthread_create has it
        ("clone", (17,), False),  # as fork has it
        ("clone", (0x01200011,), False),
        ("tgkill", (PID, 5, 6), True),
        ("tgkill", (1, 1, 9), False),
        ("tgkill", (PID + 2**32, 5, 6), False),
        ("prlimit64", (0, 7, 0, 4096), True),
        ("prlimit64", (0, 7, 4096, 0), False),
        ("prlimit64", (1, 7, 0, 4096), False),
        ("fcntl", (3, 3), True),
        ("fcntl", (3, 8, 1), False),
        ("fcntl", (3, 8 + 2**32, 1), False),  # the kernel looks at 32 bits
        ("fcntl", (3, 10, 9), False),
        ("ioctl", (0, 0x5401), True),
        ("ioctl", (0, 0x5412), False),  # TIOCSTI
        ("ioctl", (0, 0x5412 + 2**32), False),
        ("prctl", (15,), True),
        ("prctl", (4, 1), False),  # PR_SET_DUMPABLE
        ("prctl", (22, 2), False),  # PR_SET_SECCOMP
        ("prctl", (4 + 2**32, 1), False),
        ("prctl", (38, 1), False),
    ],
)
def test_some_are_allowed_for_some_arguments(
    filters: Filters, name: str, args: tuple[int, ...], allowed: bool
) -> None:
    assert (filters.of_candidate(name, *args) == syscalls.ALLOW) == allowed


def test_another_architecture_is_fatal() -> None:
    program = syscalls.for_zygote(ARCHITECTURES["x86_64"])

    for architecture, number in ((0x40000003, 20), (0xC000003E, 0x40000000 + 39)):
        assert decide(program, architecture, number) == syscalls.KILL_PROCESS


def test_without_the_library_it_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> ModuleType:
        raise OSError("no such library")

    monkeypatch.setattr(ctypes, "CDLL", missing)

    with pytest.raises(OSError, match="no such library"):
        syscalls.for_zygote()
