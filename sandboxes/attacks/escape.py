"""Attacks on other processes and the network."""

from .attack import Attack

OTHERS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
others = [int(n) for n in os.listdir("/proc") if n.isdigit() and int(n) != os.getpid()]
"""

ESCAPES = (
    Attack(
        "replies forged on other processes' descriptors",
        OTHERS
        + """
def f(x):
    for pid in others:
        for fd in range(8):
            try:
                os.close(os.open(f"/proc/{pid}/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK))
                return f"WON: descriptor {fd} of process {pid}"
            except OSError:
                pass
""",
        held_by=("uid", "undumpable"),
        number=22,
    ),
    Attack(
        "signal others",
        OTHERS
        + """
import signal
def f(x):
    for pid in others:
        for kill in (os.kill, lambda p, s: libc.syscall(200, p, s) and 1 / 0):
            try:
                kill(pid, 0)
                return f"WON: process {pid}"
            except (OSError, ZeroDivisionError):
                pass
""",
        held_by=("filter", "uid"),
        number=25,
    ),
    Attack(
        "limits, priority and cores of others",
        OTHERS
        + """
def f(x):
    new = (ctypes.c_ulong * 2)(2**40, 2**40)
    for pid in others:
        if libc.prlimit(pid, 1, new, None) == 0:
            return f"WON: limits of {pid}"
        for change in (lambda: os.setpriority(os.PRIO_PROCESS, pid, 1),
                       lambda: os.sched_setaffinity(pid, os.sched_getaffinity(0))):
            try:
                change()
                return f"WON: process {pid}"
            except OSError:
                pass
""",
        held_by=("filter", "uid"),
        number=26,
    ),
    Attack(
        "memory of others",
        OTHERS
        + """
def f(x):
    for pid in others:
        try:
            with open(f"/proc/{pid}/maps") as file:
                start = int(file.readline().partition("-")[0], 16)
            with open(f"/proc/{pid}/mem", "rb") as file:
                file.seek(start)
                if file.read(4):
                    return f"WON: memory of {pid}"
        except OSError:
            pass
""",
        held_by=("uid", "undumpable"),
        number=27,
    ),
    Attack(
        "trace others",
        OTHERS
        + """
def f(x):
    for pid in others:
        if libc.ptrace(16, pid, None, None) == 0:  # PTRACE_ATTACH
            os.waitpid(pid, 0x40000000)  # __WALL: it is let go once it has stopped, not before
            libc.ptrace(17, pid, None, None)
            return f"WON: traced {pid}"
""",
        held_by=("filter", "uid", "undumpable"),
        number=27,
    ),
    Attack(
        "secrets of the environment",
        """
import ctypes, os
def f(x):
    seen = [f"{k}={v}" for k, v in os.environ.items()]
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p
    seen.append(str(libc.getenv(b"PONDER_CANARY")))
    for pid in [n for n in os.listdir("/proc") if n.isdigit()]:
        for name in ("environ", "cmdline"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    seen.append(str(file.read()))
            except OSError:
                pass
    return "WON: a secret" if "chirp" in str(seen) else 0
""",
        held_by=("no environment", "uid"),
        number=28,
    ),
    Attack(
        "sockets of every kind",
        """
import socket
def f(x):
    kinds = [(2, 1), (2, 2), (10, 1), (1, 1), (16, 3), (40, 1), (17, 3), (38, 5)]
    for family, kind in kinds:
        try:
            socket.socket(family, kind).close()
            return f"WON: family {family}"
        except OSError:
            pass
    try:
        socket.socketpair()
        return "WON: a pair"
    except OSError:
        pass
""",
        held_by=("filter",),
        number=29,
    ),
    Attack(
        "a way out to the network",
        """
def f(x):
    with open("/proc/net/dev") as file:
        found = [line.split(":")[0].strip() for line in file if ":" in line]
    found = [name for name in found if name not in ("lo", "tunl0", "sit0", "ip6tnl0")]
    return f"WON: {found}" if found else 0
""",
        held_by=("no network",),
        number=29,
    ),
    Attack(
        "become somebody else",
        """
import os
def f(x):
    for change in (os.setuid, os.setgid, os.seteuid, os.setegid):
        for who in (0, 1, os.getuid() + 1):
            try:
                change(who)
                return f"WON: {change.__name__}({who})"
            except OSError:
                pass
""",
        held_by=("filter", "uid"),
        number=30,
    ),
    # --- ours ---
    Attack(
        "children by other ways",
        """
import ctypes, os, signal, subprocess
libc = ctypes.CDLL(None)
def f(x):
    class Args(ctypes.Structure):
        _fields_ = [(n, ctypes.c_uint64) for n in "fpcptesszsc"]
    arguments = (ctypes.c_uint64 * 11)(0, 0, 0, 0, signal.SIGCHLD)
    pid = libc.syscall(435, arguments, 88)  # clone3
    if pid == 0:
        libc._exit(0)
    if pid > 0:
        return "WON: clone3"
    try:
        subprocess.run(["/bin/true"])
        return "WON: a subprocess"
    except OSError:
        pass
    try:
        os.posix_spawn("/bin/true", ["true"], {})
        return "WON: posix_spawn"
    except OSError:
        pass
""",
        held_by=("filter",),
    ),
    Attack(
        "a fork from a thread",
        """
import os, threading
def f(x):
    got = []
    def attempt():
        try:
            pid = os.fork()
            if pid == 0:
                os._exit(0)
            got.append(pid)
        except OSError:
            pass
    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return "WON: a child" if got else 0
""",
        held_by=("filter",),
    ),
    Attack(
        "signals by the owner of a descriptor",
        """
import fcntl, os
def f(x):
    reading, writing = os.pipe()
    try:
        fcntl.fcntl(reading, fcntl.F_SETOWN, 1)
        fcntl.fcntl(reading, 10, 9)  # F_SETSIG, SIGKILL
        return "WON: process 1 gets a signal when this pipe is ready"
    except OSError:
        pass
""",
        held_by=("filter",),
    ),
    Attack(
        "the checker's memory",
        OTHERS
        + """
def f(x):
    found = []
    for pid in others:
        for name in ("mem", "environ", "maps", "fd/5", "fd/6"):
            try:
                with open(f"/proc/{pid}/{name}", "rb"):
                    found.append(name)
            except OSError:
                pass
    if found:
        raise ValueError(f"WON: {found}")
    return 0
""",
        held_by=("uid", "undumpable"),
        checked=True,
    ),
    Attack(
        "signal the checker",
        OTHERS
        + """
def f(x):
    for pid in others:
        try:
            os.kill(pid, 0)
        except OSError:
            continue
        raise ValueError(f"WON: process {pid}")
    return 0
""",
        held_by=("filter", "uid"),
        checked=True,
    ),
)
