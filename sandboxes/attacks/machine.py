"""Attacks on the kernel and the file system."""

from .attack import Attack

MACHINE = (
    Attack(
        "namespaces and mounts",
        """
import ctypes
libc = ctypes.CDLL(None)
def f(x):
    for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x4000000, 0x8000000):
        if libc.unshare(flag) == 0:
            return f"WON: namespace {flag:#x}"
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0 or libc.chroot(b"/") == 0:
        return "WON: mount or chroot"
""",
        held_by=("filter",),
        number=30,
        only="bubblewrap",  # Docker's own filter holds it as well
    ),
    Attack(
        "another program in its place",
        """
import os
won = '{"ended": "value", "error": "", "value": "WON: a shell"}'
def f(x):
    os.execv("/bin/sh", ["sh", "-c", f"echo '{won}' >&4"])
""",
        held_by=("filter",),
        number=30,
        inputs=((1,),),
    ),
    Attack(
        "write what is the system's",
        """
import os
def f(x):
    for path in ("/etc/ld.so.cache", "/etc/passwd", "/ponder/runner.py", os.__file__,
                 "/usr/bin/env"):
        try:
            os.close(os.open(path, os.O_WRONLY))
            return f"WON: {path}"
        except OSError:
            pass
""",
        held_by=("uid", "read-only root", "limits"),
        number=31,
        only="docker",  # bubblewrap's are mounted read-only one by one
    ),
    Attack(
        "write what is the kernel's",
        """
import os
def f(x):
    for path in ("/proc/self/oom_score_adj", "/proc/1/oom_score_adj", "/proc/self/coredump_filter",
                 "/proc/sys/kernel/core_pattern", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                 "/sys/fs/cgroup/memory.max", "/proc/sysrq-trigger"):
        try:
            os.close(os.open(path, os.O_WRONLY))
            return f"WON: {path}"
        except OSError:
            pass
""",
        held_by=("uid",),
        number=31,
    ),
    Attack(
        "io_uring",
        """
import ctypes
def f(x):
    ring = (ctypes.c_char * 256)()
    if ctypes.CDLL(None).syscall(425, 4, ring) >= 0:
        return "WON: a ring"
""",
        held_by=("filter", "limits"),
        number=37,
    ),
    # --- ours ---
    Attack(
        "locks on files that others use",
        """
import fcntl, os
def f(x):
    for lock in (fcntl.flock, fcntl.lockf):
        try:
            lock(os.open("/dev/null", os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)
            return f"WON: {lock.__name__}"
        except OSError:
            pass
""",
        held_by=("filter",),
    ),
    Attack(
        "another architecture's system calls",
        """
import ctypes, mmap, platform
def f(x):
    if platform.machine() != "x86_64":
        return 0
    code = mmap.mmap(-1, 4096, prot=7)
    code.write(b"\\x53\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\x5b\\xc3")  # getpid by int 0x80
    at = ctypes.addressof(ctypes.c_char.from_buffer(code))
    if ctypes.CFUNCTYPE(ctypes.c_int)(at)() > 0:
        return "WON: int 0x80"
""",
        held_by=("filter",),
    ),
    Attack(
        "kernel interfaces that were broken before",
        """
import ctypes, platform
libc = ctypes.CDLL(None)
def f(x):
    here = platform.machine() == "x86_64"
    buffer = (ctypes.c_char * 256)()
    calls = {
        "userfaultfd": (323 if here else 282, 1),
        "keyctl": (250 if here else 219, 0, -3, 1),
        "bpf": (321 if here else 280, 0, buffer, 128),
        "perf_event_open": (298 if here else 241, buffer, 0, -1, -1, 0),
        "pidfd_open": (434, 1, 0),
        "landlock": (444, None, 0, 1),
        "personality": (135 if here else 92, 0x0040000),
        "inotify": (294 if here else 26, 0),
        "fanotify": (300 if here else 262, 0, 0),
        "name_to_handle_at": (303 if here else 264, -100, b"/", buffer, buffer, 0),
        "vmsplice": (278 if here else 75, 1, None, 0, 0),
    }
    open_ones = [name for name, call in calls.items() if libc.syscall(*call) >= 0]
    return f"WON: {open_ones}" if open_ones else 0
""",
        held_by=("filter",),
    ),
    Attack(
        "capabilities that were left",
        """
def f(x):
    with open("/proc/self/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    held = {n: fields[n].strip() for n in ("CapEff", "CapPrm", "CapInh", "CapAmb")}
    return f"WON: {held}" if any(int(v, 16) for v in held.values()) else 0
""",
        held_by=("uid",),
    ),
    Attack(
        "files of this machine",
        """
import glob
def f(x):
    found = glob.glob("/var/tmp/ponder-canary*") + glob.glob("/var/run/docker.sock")
    return f"WON: {found}" if found else 0
""",
        held_by=("own root",),
    ),
    Attack(
        "what the kernel says of this machine",
        """
import os
def f(x):
    found = os.listdir("/sys") if os.path.isdir("/sys") else []
    for name in ("cmdline", "kallsyms", "modules", "partitions", "diskstats", "interrupts"):
        try:
            with open(f"/proc/{name}") as file:
                found += [name] if file.read(1) else []
        except OSError:
            pass
    return f"WON: {found}" if found else 0
""",
        held_by=("own root",),
    ),
    Attack(
        "limits raised again",
        """
import ctypes, resource
def f(x):
    for name in ("RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_NOFILE"):
        what = getattr(resource, name)
        soft, hard = resource.getrlimit(what)
        try:
            resource.setrlimit(what, (hard, hard))
            return f"WON: {name}"
        except (OSError, ValueError):
            pass
""",
        held_by=("filter",),
    ),
    Attack(
        "memory opened to others again",
        """
import ctypes
libc = ctypes.CDLL(None)
def f(x):
    return "WON: dumpable" if libc.prctl(4, 1, 0, 0, 0) == 0 else 0
""",
        held_by=("filter",),
    ),
)
