"""The store: what is in it stays in it."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ponder.errors import StoreError
from ponder.models.store import Row, Store, digest


def put(store: Store, key: str, text: str) -> None:
    store.put_reply(key, task="t", path="p", model="m", request={}, reply={"text": text})


def test_what_was_written_is_read_back_by_another_connection(tmp_path: Path) -> None:
    put(Store(tmp_path / "s.sqlite"), "k", "héllo \ud800 \x00")

    assert Store(tmp_path / "s.sqlite").reply("k") == {"text": "héllo \ud800 \x00"}


def test_the_first_writer_wins(tmp_path: Path) -> None:
    one, two = Store(tmp_path / "s"), Store(tmp_path / "s")

    put(one, "k", "first")
    put(two, "k", "second")

    assert two.reply("k") == {"text": "first"}
    assert one.put_record("r", "claim", "x", 1) == 1
    assert two.put_record("r", "claim", "x", 2) == 1


def test_the_last_writer_wins_where_that_is_asked_for() -> None:
    store = Store()

    store.put_latest("r", "thought", "a", 1)
    store.put_latest("r", "thought", "a", 2)

    assert list(store.records("r", "thought")) == [("a", 2)]


def test_a_process_killed_after_a_write_loses_nothing(tmp_path: Path) -> None:
    program = (
        "import os, sys; from ponder.models.store import Row, Store; s = Store(sys.argv[1])\n"
        "for i in range(100): s.put_record('r', 'n', str(i), i)\n"
        "os.kill(os.getpid(), 9)"
    )

    subprocess.run([sys.executable, "-c", program, tmp_path / "s"], check=False)

    assert len(list(Store(tmp_path / "s").records("r", "n"))) == 100


def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    text, foreign = tmp_path / "notes.txt", tmp_path / "other.sqlite"
    text.write_text("my notes, which are longer than an SQLite header of one hundred bytes" * 9)
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE mine (x)")
    before = text.read_bytes(), foreign.read_bytes()

    for path, says in ((text, "not a database"), (foreign, "not one of ponder's")):
        with pytest.raises(StoreError, match=says):
            Store(path)

    assert (text.read_bytes(), foreign.read_bytes()) == before


def test_a_folder_or_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=str(tmp_path)):
        Store(tmp_path)
    with pytest.raises(StoreError, match="file"):
        (tmp_path / "file").write_text("")
        Store(tmp_path / "file" / "s.sqlite")


def test_a_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [2]}) == digest(json.loads('{"b": [2], "a": 1}'))


def reply(store: Store, key: str, task: str) -> None:
    store.put_reply(key, task=task, path="p", model="m", request=[], reply={"text": key})


def begin(store: Store, run: str, task: str) -> None:
    store.put_record(run, "run", "", {"task": {"id": task}})


def test_the_rows_of_a_task_bring_another_store_to_where_this_one_is(tmp_path: Path) -> None:
    here, there = Store(tmp_path / "here"), Store()
    for task in ("a", "b"):
        reply(here, f"reply {task}", task)
        begin(here, f"run {task}", task)
        here.put_latest(f"run {task}", "thought", "o1", {"text": "first"})
        here.put_latest(f"run {task}", "thought", "o1", {"text": "second"})

    there.add(here.rows_of("a"))

    assert there.reply("reply a") == {"text": "reply a"}
    assert there.reply("reply b") is None
    assert list(there.records("run a", "thought")) == [("o1", {"text": "second"})]
    assert there.rows_of("a") == here.rows_of("a")
    here.close()


def test_a_store_tells_what_is_written_and_not_what_is_brought_or_stands_already() -> None:
    here, there = Store(), Store()
    begin(here, "run", "a")
    reply(here, "r1", "a")
    told: list[Row] = []
    there.told = told.append
    there.add(here.rows_of("a"))

    begin(there, "run", "a")
    reply(there, "r1", "a")
    there.put_latest("run", "ended", "o1", 1)
    there.put_latest("run", "ended", "o1", 2)

    assert told == [("run", "ended", "o1", "1"), ("run", "ended", "o1", "2")]
    here.add(told)
    assert here.rows_of("a") == there.rows_of("a")


def test_a_forgotten_task_leaves_the_others() -> None:
    store = Store()
    for task in ("a", "b"):
        reply(store, f"reply {task}", task)
        begin(store, f"run {task}", task)

    store.forget("a")

    assert store.rows_of("a") == []
    assert len(store.rows_of("b")) == 2
