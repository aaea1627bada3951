"""What a host makes of a runner that has gone mad."""

import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ponder.sandboxes import Limits, Program, worker
from ponder.sandboxes.pipes import DockerPipe
from ponder.sandboxes.worker import BrokenWorker, Worker
from ponder.tasks import values

PROGRAM = Program("def f(): pass", "f")


class Said:
    """A runner's words, whatever it is asked."""

    def __init__(self, *words: object) -> None:
        self.data = b"".join(
            word if isinstance(word, bytes) else framed(json.dumps(word).encode()) for word in words
        )

    def send(self, data: bytes, timeout: float) -> None:
        self.sent = data

    def receive(self, size: int, timeout: float) -> bytes:
        if len(self.data) < size:
            raise ConnectionError("it has ended")
        said, self.data = self.data[:size], self.data[size:]
        return said

    def close(self) -> None: ...


def framed(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([b"\xff\xff\xff\xff"], "announces 4294967295 bytes"),
        ([framed(b"{")], "no report"),
        ([framed(b"[" * 50_000)], "no report"),
        ([framed(b"[]")], "no object"),
        ([{"id": "another", "dirty": False, "processes": []}], "another job"),
        ([b""], "it has ended"),
    ],
)
def test_its_words_cost_a_worker_and_never_the_host(words: Sequence[object], why: str) -> None:
    mad = Worker(Said({"ready": "3.11"}, *words), lambda: None)

    with pytest.raises(BrokenWorker, match=why):
        mad.run(PROGRAM, [()], Limits())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"processes": []}, "lacks something"),
        ({"processes": [{"exit": 0}]}, "of a program lacks something"),
        ({"processes": None}, "lacks something"),
    ],
)
def test_a_report_that_lacks_something_is_none(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, object], why: str
) -> None:
    monkeypatch.setattr("ponder.sandboxes.worker.os.urandom", bytes)
    report = {"id": "00" * 16, "wall": 0.1, "dirty": False, **changed}
    mad = Worker(Said({"ready": "3.11"}, report), lambda: None)

    with pytest.raises(BrokenWorker, match=why):
        mad.run(PROGRAM, [()], Limits())


def test_one_that_cannot_start_says_why() -> None:
    with pytest.raises(BrokenWorker, match="no filter"):
        Worker(Said({"broken": "no filter"}), lambda: None)


class Stream:
    """A socket that gives what it has in pieces of a size."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data, self.size = data, size

    def gettimeout(self) -> float:
        return 1.0

    def recv(self, most: int) -> bytes:
        part, self.data = self.data[: self.size], self.data[self.size :]
        return part

    def close(self) -> None: ...


@pytest.mark.parametrize("size", [1, 3, 7, 8, 9, 1000])
def test_dockers_chunks_are_put_together_however_they_are_cut(size: int) -> None:
    def chunk(stream: int, data: bytes) -> bytes:
        return bytes([stream, 0, 0, 0]) + struct.pack(">I", len(data)) + data

    data = chunk(1, b"abc") + chunk(2, b"noise") + chunk(1, b"") + chunk(1, b"defgh")
    stream = Stream(data, size)
    pipe = DockerPipe(stream, stream)  # type: ignore[arg-type]

    assert [pipe.receive(n, 1.0) for n in (2, 4, 2)] == [b"ab", b"cdef", b"gh"]
    with pytest.raises(ConnectionError):
        pipe.receive(1, 1.0)


def test_a_runner_without_its_filters_library_runs_nothing(tmp_path: Path) -> None:
    """It says what is missing, before any program."""
    inside = Path(worker.__file__).parent / "inside"
    (tmp_path / "inside").mkdir()
    for file in [*inside.glob("*.py"), Path(values.__file__)]:
        text = file.read_text().replace("libseccomp.so.2", "libnone.so.0")
        (tmp_path / "inside" / file.name).write_text(text)
    command = [sys.executable, "-I", str(tmp_path / "inside/runner.py"), '{"without": ["uid"]}']

    ended = subprocess.run(command, input=b"", capture_output=True, check=False, timeout=30)

    assert ended.returncode == 1
    assert b"programs cannot be confined: libnone.so.0" in ended.stdout
