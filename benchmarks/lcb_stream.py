"""Reading LiveCodeBench's largest file: how fast, and in how much memory.

    python benchmarks/lcb_stream.py [--megabytes 1250] [--row-megabytes 3.1] [--bomb-megabytes 1000]

A file of that shape is made and read through a pipe, so none of it is on disk: the private tests of
each row are megabytes of digits, pickled, compressed, and in base64, and all of them are unpacked.
Then a row whose megabyte unpacks to a gigabyte has to be refused. The last line is JSON: a file's
`peak_megabytes` is how far the process that reads it grew, `row_megabytes` what one row comes to,
packed and unpacked, and `ratio` the quotient of the two: it does not depend on how many there are.
"""

import argparse
import base64
import json
import os
import pickle
import random
import subprocess
import sys
import tempfile
import threading
import zlib
from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

MB = 10**6
CASES = 40
READER = """
import json, sys, time
from pathlib import Path
from ponder.errors import InputError
from ponder.tasks import load_dataset

def now(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

before, tasks, error, started = now("VmRSS"), 0, "", time.perf_counter()
try:
    for loaded in load_dataset("livecodebench", Path(sys.argv[1])):
        tasks += 1
except InputError as problem:
    error = str(problem)
seconds = time.perf_counter() - started
peak = (now("VmHWM") - before) / 1e6
print(json.dumps({"tasks": tasks, "seconds": seconds, "peak_megabytes": peak, "error": error}))
"""


def line(private: bytes) -> bytes:
    """A row with these private tests, as a line of the file."""
    row = {
        "question_title": "Any", "question_content": "Sort them. " * 100, "platform": "atcoder",
        "question_id": "abc300_a", "contest_id": "abc300", "contest_date": "2024-05-01T00:00:00",
        "starter_code": "", "difficulty": "easy", "public_test_cases": "[]",
        "private_test_cases": base64.b64encode(private).decode(), "metadata": "{}",
    }  # fmt: skip
    return json.dumps(row).encode() + b"\n"


def tests(size: float) -> str:
    """Private tests of so many bytes, in JSON."""
    given = ["".join(random.choices("0123456789 ", k=int(size / CASES))) for _ in range(CASES)]
    return json.dumps([{"input": one, "output": "1", "testtype": "stdin"} for one in given])


def bomb(size: int) -> bytes:
    """So many bytes of nothing, compressed."""
    packer, piece = zlib.compressobj(), bytes(MB)
    return b"".join([*(packer.compress(piece) for _ in range(size // MB)), packer.flush()])


def read(lines: Iterable[bytes]) -> dict[str, Any]:
    """What reading such a file in a process of its own came to."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.jsonl"
        os.mkfifo(path)
        writing = threading.Thread(target=write, args=(path, lines))
        writing.start()
        command = [sys.executable, "-c", READER, str(path)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        writing.join()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def write(path: Path, lines: Iterable[bytes]) -> None:
    """Into the pipe, until its reader has gone."""
    try:
        with path.open("wb") as file:
            for one in lines:
                file.write(one)
    except BrokenPipeError:
        pass


def whole_file(size: float, row_size: float) -> dict[str, Any]:
    """What it takes to read a file of `size` bytes whose rows have `row_size`."""
    plain = tests(row_size / 0.6)  # to which share digits are compressed, in base64
    one = line(zlib.compress(pickle.dumps(plain)))
    count = max(1, round(size / len(one)))
    found = read(repeat(one, count))
    if found["error"] or found["tasks"] != count:
        raise SystemExit(f"{found['tasks']} of {count} rows were read: {found['error']}")
    row_megabytes = (len(one) + len(plain)) / MB
    return {
        **found,
        "megabytes": count * len(one) / MB,
        "megabytes_per_second": count * len(one) / MB / found["seconds"],
        "row_megabytes": row_megabytes,
        "ratio": found["peak_megabytes"] / row_megabytes,
    }


def main() -> Iterator[str]:
    """What was found, in lines."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--megabytes", type=float, default=1250)
    parser.add_argument("--row-megabytes", type=float, default=3.1)
    parser.add_argument("--bomb-megabytes", type=int, default=1000)
    options = parser.parse_args()

    file = whole_file(options.megabytes * MB, options.row_megabytes * MB)
    yield (
        f"{file['tasks']} rows, {file['megabytes']:.0f} MB: {file['seconds']:.1f} s, and "
        f"{file['peak_megabytes']:.0f} MB of memory at {file['row_megabytes']:.1f} MB a row"
    )
    refused = read([line(bomb(options.bomb_megabytes * MB))])
    yield (
        f"a bomb: {refused['seconds']:.1f} s, and {refused['peak_megabytes']:.0f} MB of memory: "
        f"{refused['error']}"
    )
    yield json.dumps({"file": file, "bomb": refused})


if __name__ == "__main__":
    for said in main():
        print(said, flush=True)
