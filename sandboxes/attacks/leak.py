"""Attacks on what others ran before, or will."""

from .attack import Attack

SEEK = 'mark = b"TOK" + b"EN-"'
"""What the program before this one holds, put together so that it is not found in this one."""

LEAKS = (
    Attack(
        "scan frames and every object for the program before",
        f"""
import gc, re, sys
{SEEK}
def f(x):
    found, frame = [], sys._getframe()
    while frame:
        found += [str(v) for v in list(frame.f_locals.values()) + list(frame.f_globals.values())
                  if isinstance(v, (bytes, bytearray, str))]
        frame = frame.f_back
    gc.unfreeze()
    gc.collect()
    for thing in gc.get_objects():
        if isinstance(thing, (list, tuple)):
            found += [str(v) for v in thing if isinstance(v, (bytes, str, bytearray))]
    there = re.compile(mark.decode() + "[0-9a-f]{{16}}").search
    return "WON: its source" if any(map(there, found)) else 0
""",
        held_by=("zygote",),
        number=24,
    ),
    Attack(
        "scan all memory for the program before",
        f"""
import ctypes, re
{SEEK}
def f(x):
    with open("/proc/self/maps") as file:
        ranges = [line.split() for line in file]
    for fields in ranges:
        name = fields[5] if len(fields) > 5 else ""
        if not fields[1].startswith("rw") or name.startswith("/") or name == "[vvar]":
            continue
        start, end = (int(n, 16) for n in fields[0].split("-"))
        text = ctypes.string_at(start, end - start)
        if re.search(mark + b"[0-9a-f]{{16}}", text):
            return "WON: its source"
        del text
""",
        held_by=("zygote",),
        number=24,
    ),
    Attack(
        "what a program leaves in shared modules",
        """
import builtins
def f(x):
    builtins.len = builtins.sum = lambda *args: 7
    return 0
""",
        held_by=("own process",),
        number=24,
    ),
)
