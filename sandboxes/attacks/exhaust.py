"""Attacks on time, memory, processes and disk. They stop by themselves, so that one can see them
win."""

from .attack import Attack

PLACES = '["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/home", "/ponder", "/", "."]'

EXHAUSTIONS = (
    Attack(
        "fork bomb",
        """
import os, time
def f(x):
    children = 0
    for _ in range(100):
        try:
            if os.fork() == 0:
                time.sleep(1)
                os._exit(0)
            children += 1
        except OSError:
            pass
    return f"WON: {children} children" if children else 0
""",
        held_by=("filter",),
        number=1,
    ),
    Attack(
        "memory bomb",
        """
def f(x):
    hoard = [bytearray(b"x" * 2**22) for _ in range(100)]
    return "WON: 400 MiB"
""",
        held_by=("memory_bytes",),
        number=2,
    ),
    Attack(
        "more memory than the container has",
        """
def f(x):
    hoard = [bytearray(b"x" * 2**22) for _ in range(250)]
    return "WON: 1000 MiB"
""",
        held_by=("container memory",),
        already_out=("limits",),
        number=3,
        only="docker",
    ),
    Attack(
        "thread bomb",
        """
import threading, time
def f(x):
    started = 0
    try:
        for _ in range(40):
            threading.Thread(target=time.sleep, args=(0.5,), daemon=True).start()
            started += 1
    except RuntimeError:
        pass
    return f"WON: {started} threads" if started > 20 else 0
""",
        held_by=("limits",),
        number=4,
    ),
    Attack(
        "fill the disk",
        f"""
import os
def f(x):
    for place in {PLACES}:
        path = os.path.join(place, "filler")
        try:
            with open(path, "wb") as file:
                file.write(b"x" * 2**20)
        except OSError:
            pass
        if os.path.exists(path) and os.path.getsize(path):
            return f"WON: wrote {{path}}"
""",
        held_by=("read-only root",),
        number=5,
    ),
    Attack(
        "leave names behind",
        f"""
import os
def f(x):
    for place in {PLACES}:
        path = os.path.join(place, f"left{{x}}")
        for make in (os.mkdir, lambda p: os.symlink("/", p), lambda p: open(p, "w").close()):
            try:
                make(path)
                return f"WON: {{path}}"
            except OSError:
                pass
""",
        held_by=("read-only root",),
        number=6,
    ),
    Attack(
        "leave kernel objects behind",
        """
import ctypes, os
libc = ctypes.CDLL(None)
def f(x):
    made = [
        libc.shmget(7, 4096, 0o1666), libc.msgget(7, 0o1666), libc.semget(7, 1, 0o1666),
        libc.memfd_create(b"left", 0), libc.syscall(447, 0),
    ]
    if hasattr(libc, "mq_open"):
        made.append(libc.mq_open(b"/left", 0o102, 0o666, None))
    return f"WON: {made}" if max(made) >= 0 else 0
""",
        held_by=("filter",),
        number=7,
    ),
    Attack(
        "endless output",
        """
import os
def f(x):
    for _ in range(64):
        os.write(1, b"x" * 4096)
    return "WON: 256 KiB printed"
""",
        held_by=("output_bytes",),
        number=8,
    ),
    Attack(
        "huge result",
        "def f(x):\n    return 'WON' + 'x' * 2**22",
        held_by=("result_bytes",),
        number=9,
    ),
    Attack(
        "result that drips",
        """
import os, time
def f(x):
    until = time.monotonic() + 9
    while time.monotonic() < until:
        os.write(4, b" ")
        time.sleep(0.01)
    return "WON: 9 s"
""",
        held_by=("wall_seconds",),
        number=10,
        inputs=((1,),),
    ),
    Attack(
        "loop that ignores every signal",
        """
import signal, time
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
def f(x):
    while time.process_time() < 3:
        pass
    return "WON: 3 s of CPU"
""",
        held_by=("cpu_seconds",),
        number=11,
        inputs=((1,),),
    ),
    Attack(
        "sleep",
        "import time\ndef f(x):\n    time.sleep(9)\n    return 'WON: 9 s'",
        held_by=("wall_seconds",),
        number=12,
        inputs=((1,),),
    ),
    Attack(
        "regular expression that backtracks",
        """
import re
def f(x):
    re.match("(a+)+$", "a" * 26 + "b")
    return "WON: it finished"
""",
        held_by=("cpu_seconds",),
        number=13,
        inputs=((1,),),
    ),
    Attack(
        "daemon",
        """
import os, time
def f(x):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(30)
        os._exit(0)
    return "WON: a process that outlives this one"
""",
        held_by=("filter",),
        number=14,
    ),
    Attack(
        "segmentation fault",
        "import ctypes\ndef f(x):\n    ctypes.string_at(0)",
        held_by=("own process",),
        number=32,
    ),
    Attack("abort", "import os\ndef f(x):\n    os.abort()", held_by=("own process",), number=32),
    Attack(
        "recursion without end",
        "import sys\nsys.setrecursionlimit(10**9)\n"
        "def f(x, n=0):\n    return f(x, n + 1) if n < 3_000_000 else 'WON: 3,000,000 deep'",
        held_by=("memory_bytes", "cpu_seconds"),
        number=33,
    ),
    Attack(
        "recursion in C",
        "import sys\nsys.setrecursionlimit(10**9)\n"
        "def f(x):\n    y = []\n    for _ in range(10**6):\n        y = [y]\n    return repr(y)",
        held_by=("own process",),
        number=33,
    ),
    Attack(
        "close every descriptor",
        "import os\nos.closerange(0, 1024)\ndef f(x):\n    return 1",
        held_by=("own process",),
        number=35,
    ),
    Attack(
        "stop oneself",
        "import signal\ndef f(x):\n    signal.raise_signal(signal.SIGSTOP)",
        held_by=("own process",),
        number=36,
        inputs=((1,),),
    ),
    # --- ours ---
    Attack(
        "CPU on many threads",
        """
import hashlib, threading, time
def spin():
    while time.process_time() < 3:
        hashlib.sha256(b"x" * 2**20).digest()
def f(x):
    threads = [threading.Thread(target=spin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return "WON: 3 s of CPU"
""",
        held_by=("cpu_seconds",),
        inputs=((1,),),
    ),
    Attack(
        "descriptors without end",
        """
import os
def f(x):
    opened = 0
    try:
        for _ in range(200):
            os.open("/dev/null", os.O_RDONLY)
            opened += 1
    except OSError:
        pass
    return f"WON: {opened} descriptors" if opened > 100 else 0
""",
        held_by=("limits",),
    ),
    Attack(
        "kernel memory in pipes",
        """
import fcntl, os
def f(x):
    reading, writing = os.pipe()
    try:
        size = fcntl.fcntl(writing, 1031, 2**20)  # F_SETPIPE_SZ
    except OSError:
        return 0
    return f"WON: a pipe of {size} bytes"
""",
        held_by=("filter",),
    ),
    Attack(
        "timers without end",
        """
import ctypes
libc = ctypes.CDLL(None)
def f(x):
    timer, made = ctypes.c_void_p(), 0
    while made < 2000 and libc.timer_create(1, None, ctypes.byref(timer)) == 0:
        made += 1
    return f"WON: {made} timers" if made > 500 else 0
""",
        held_by=("limits",),
    ),
    Attack(
        "write every disk to disk",
        "import ctypes, platform\nsync = 162 if platform.machine() == 'x86_64' else 81\n"
        "def f(x):\n    return 'WON' if ctypes.CDLL(None).syscall(sync) == 0 else 0",
        held_by=("filter",),
    ),
    Attack(
        "locked memory",
        "import ctypes\npage = ctypes.create_string_buffer(4096)\n"
        "def f(x):\n    return 'WON: a page' if ctypes.CDLL(None).mlock(page, 1) == 0 else 0",
        held_by=("filter", "limits"),
    ),
    Attack(
        "a thread that outlives the call",
        """
import builtins, threading, time
def later():
    time.sleep(0.05)
    builtins.len = builtins.sum = lambda *args: 7
def f(x):
    threading.Thread(target=later).start()
    time.sleep(0.1)
    return 0
""",
        held_by=("own process",),
    ),
)
