"""Reading a store that another process may be writing, and never writing to it."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from ponder.errors import StoreError
from ponder.models import Store
from ponder.models.store_reader import StoreReader


def filled(path: Path) -> Store:
    store = Store(path)
    for task, place in (("a", "s1"), ("b", "s1"), ("a", "s2")):
        asked: dict[str, list[str]] = {"messages": []}
        said = {"text": f"{task} {place} \ud83d"}
        store.put_reply(
            f"{task}{place}", task=task, path=place, model="m", request=asked, reply=said
        )
    store.put_record("run", "thought", "s1", {"text": "first"})
    store.put_record("run", "thought", "s2", {"text": "second"})
    store.put_record("run", "run", "", {"task": "a"})
    return store


def test_rows_are_those_of_the_task_and_the_run_while_a_writer_is_there(tmp_path: Path) -> None:
    store = filled(tmp_path / "store.sqlite")

    reader = StoreReader(tmp_path / "store.sqlite")

    assert [(one.path, one.model) for one in reader.asked("a")] == [("s1", "m"), ("s2", "m")]
    assert next(reader.asked("b")).reply == {"text": "b s1 \ud83d"}
    assert list(reader.records("run", "thought")) == [
        ("s1", {"text": "first"}),
        ("s2", {"text": "second"}),
    ]
    assert reader.record("run", "run") == {"task": "a"}
    assert reader.record("run", "run", "x") is None
    reader.close()
    store.close()


def test_reading_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    filled(tmp_path / "store.sqlite").close()
    before = (tmp_path / "store.sqlite").read_bytes()

    reader = StoreReader(tmp_path / "store.sqlite")
    found = list(reader.asked("a"))
    reader.close()

    assert len(found) == 2
    assert (tmp_path / "store.sqlite").read_bytes() == before


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "other.sqlite").execute("CREATE TABLE t (x)").connection.close()
    (tmp_path / "text.sqlite").write_text("words" * 1000)

    for name, words in (("other", "not one of ponder's"), ("text", "not a database")):
        with pytest.raises(StoreError, match=words):
            StoreReader(tmp_path / f"{name}.sqlite")
    with pytest.raises(StoreError, match="unable to open"):
        StoreReader(tmp_path / "absent.sqlite")


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    filled(tmp_path / "store.sqlite").close()
    db = sqlite3.connect(tmp_path / "store.sqlite")
    db.execute("PRAGMA user_version=99")
    db.commit()
    db.close()

    with pytest.raises(StoreError, match="newer ponder"):
        StoreReader(tmp_path / "store.sqlite")


def test_a_damaged_store_is_one_line(tmp_path: Path) -> None:
    store = filled(tmp_path / "store.sqlite")
    for number in range(2000):
        store.put_record("run", "thought", f"t{number}", {"text": "x" * 100})
    store.close()
    whole = (tmp_path / "store.sqlite").read_bytes()
    (tmp_path / "half.sqlite").write_bytes(whole[: len(whole) // 2 // 4096 * 4096])

    with pytest.raises(StoreError, match=r"half\.sqlite"):
        list(StoreReader(tmp_path / "half.sqlite").records("run", "thought"))


def test_a_path_may_have_any_characters(tmp_path: Path) -> None:
    filled(tmp_path / "store.sqlite").close()
    odd = tmp_path / "what? 50% #1.sqlite"
    shutil.copy(tmp_path / "store.sqlite", odd)

    reader = StoreReader(odd)

    assert reader.record("run", "run") == {"task": "a"}
    reader.close()
