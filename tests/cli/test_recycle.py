"""`ponder recycle` from end to end: a teacher behind a server, and a real student."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ponder.cli.recycle import verifier_of
from tests.cli.conftest import Ponder
from tests.support.recycling import matched, rows, teaching, written
from tests.support.server import Body, Reply, error, ok, serving, too_many
from tests.verifiers.ifd.official import saved


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> str:
    return saved(tmp_path_factory.mktemp("student"))


def asked(url: str, student: str, out: Path) -> tuple[Any, ...]:
    model = ("--teacher", "hosted_vllm/x", "--api-base", url)
    return (*model, "--student", student, "--out", out, "--attempts", 2, "-o", "max-tokens=64")


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_it_leaves_the_survivors_and_says_what_became_of_all(
    ponder: Ponder, tmp_path: Path, student: str
) -> None:
    data, out = written(tmp_path / "d.jsonl", table := rows(24)), tmp_path / "out"
    async with serving(teaching) as server:
        options = asked(server.url, student, out)
        first = await asyncio.to_thread(ponder, "recycle", data, *options, "-o", "filter=no")
        calls = len(server.bodies)
        again = await asyncio.to_thread(
            ponder, "recycle", data, *options, "-o", "filter=no", "--json"
        )

    kept, every = read(out / "data.jsonl"), read(out / "recycled.jsonl")
    assert (first.code, again.code) == (0, 0)
    assert len(server.bodies) == calls, "a folder that is complete asks for nothing"
    assert f"{len(kept)} of 24 pairs survive" in first.out
    assert "left out" in first.out
    assert "unreadable" in first.out
    summary = json.loads(again.out)
    assert summary["survivors"] == len(kept) > 3
    assert summary["stages"]["response"]["new"] == len(kept)
    assert [sum(found.values()) for found in summary["stages"].values()] == [24, 24]
    assert set(summary["stages"]["response"]) == {"new", "not better", "unreadable"}
    assert [list(row) for row in kept] == [["instruction", "input", "output"]] * len(kept)
    assert len({row["id"] for row in every}) == 24
    assert all(matched(pair, table) for row in every for pair in (row, *whole(row)))
    assert all(row["ifd"] is not None for row in every if row["survives"])


def whole(row: Mapping[str, Any]) -> list[Mapping[str, str]]:
    return [pair for pair in row["pairs"].values() if "failure" not in pair]


async def test_conversations_come_out_as_they_went_in_and_in_their_order(
    ponder: Ponder, tmp_path: Path, student: str
) -> None:
    chats = [
        {"messages": [
            {"role": "user", "content": row["instruction"]},
            {"role": "assistant", "content": row["output"]},
        ]}
        for row in rows(8)
    ]  # fmt: skip
    data, out = written(tmp_path / "d.jsonl", chats), tmp_path / "out"
    ways = ("-o", "instruction=old", "-o", "response=old", "-o", "filter=no")
    options = asked("http://127.0.0.1:9/v1", student, out)

    ended = await asyncio.to_thread(ponder, "recycle", data, *options, *ways)

    assert ended.code == 0
    assert read(out / "data.jsonl") == chats
    again = await asyncio.to_thread(ponder, "recycle", data, *options, *ways, "--format", "alpaca")
    assert again.code == 0
    assert read(out / "data.jsonl")[0]["instruction"] == rows(1)[0]["instruction"]


async def test_a_list_of_pairs_comes_out_as_one(
    ponder: Ponder, tmp_path: Path, student: str
) -> None:
    data, out = tmp_path / "alpaca.json", tmp_path / "out"
    data.write_text(json.dumps(rows(5)))
    ways = ("-o", "instruction=old", "-o", "response=old", "-o", "filter=no")
    options = asked("http://127.0.0.1:9/v1", student, out)

    ended = await asyncio.to_thread(ponder, "recycle", data, *options, *ways)

    assert ended.code == 0
    assert json.loads((out / "data.json").read_text()) == rows(5)
    assert f"{out / 'data.json'}: 5 pairs" in ended.out


async def test_a_pair_costs_two_calls_of_the_teacher_and_nine_passes_of_the_student(
    ponder: Ponder, tmp_path: Path, student: str
) -> None:
    data, out = written(tmp_path / "d.jsonl", rows(12)), tmp_path / "out"

    def answer(body: Body, count: int) -> Reply:
        asked = body["messages"][1]["content"]
        said = asked.partition("[Instruction]\n")[2].partition("\n")[0]
        if "better answer" in asked:
            return ok(f"[Better Answer] {said} is blue [End]")
        return ok(f"[New Instruction] {said} tree [End] [New Answer] red {said} [End]")

    async with serving(answer) as server:
        options = (*asked(server.url, student, out), "-o", "filter=no", "--json")
        ended = await asyncio.to_thread(ponder, "recycle", data, *options)

    summary = json.loads(ended.out)
    reflected = summary["stages"]["response"].get("new", 0)
    assert summary["usage"]["calls"] == len(server.bodies) == 24
    assert 0 < reflected <= summary["read_for"] == 12
    # Of an answer that is not taken, the IFD is not asked for.
    assert summary["read"] == 9 * reflected + 7 * (12 - reflected)


async def test_the_hardest_alone(ponder: Ponder, tmp_path: Path, student: str) -> None:
    data, out = written(tmp_path / "d.jsonl", rows(24)), tmp_path / "out"
    async with serving(teaching) as server:
        options = (*asked(server.url, student, out), "-o", "filter=no")
        await asyncio.to_thread(ponder, "recycle", data, *options)
        every = read(out / "data.jsonl")
        await asyncio.to_thread(ponder, "recycle", data, *options, "--top", 25)

    scores = {row["output"]: row["ifd"] for row in read(out / "recycled.jsonl")}
    chosen = read(out / "data.jsonl")
    below = sorted(scores[row["output"]] for row in every if scores[row["output"]] < 1)
    assert sorted(scores[row["output"]] for row in chosen) == below[-len(chosen) :]
    assert 0 < len(chosen) < len(every)
    assert [row for row in every if row in chosen] == chosen


async def test_a_minute_of_429s_costs_nothing_but_time(
    ponder: Ponder, tmp_path: Path, student: str
) -> None:
    data, out = written(tmp_path / "d.jsonl", rows(6)), tmp_path / "out"
    down = True

    def answer(body: Body, count: int) -> Reply:
        return too_many() if down else teaching(body, count)

    async with serving(answer) as server:
        options = asked(server.url, student, out)
        first = await asyncio.to_thread(ponder, "recycle", data, *options)
        there = read(out / "data.jsonl")
        down = False
        second = await asyncio.to_thread(ponder, "recycle", data, *options)

    assert (first.code, second.code) == (1, 0)
    assert there == []
    assert "no result: 429" in first.err
    assert "the same command goes on" in first.out
    assert len(read(out / "recycled.jsonl")) == 6


async def test_429s_that_pass_are_waited_for(ponder: Ponder, tmp_path: Path, student: str) -> None:
    data, out = written(tmp_path / "d.jsonl", rows(6)), tmp_path / "out"
    came: list[Body] = []

    def answer(body: Body, count: int) -> Reply:
        came.append(body)
        return too_many() if len(came) <= 10 else teaching(body, count)

    async with serving(answer) as server:
        options = (*asked(server.url, student, out), "--attempts", 20)
        ended = await asyncio.to_thread(ponder, "recycle", data, *options)

    assert ended.code == 0
    assert "10: 429" in ended.out
    assert len(read(out / "recycled.jsonl")) == 6


async def test_a_key_that_is_refused_ends_it_and_loses_no_pair(
    ponder: Ponder, tmp_path: Path, student: str
) -> None:
    data, out = written(tmp_path / "d.jsonl", rows(12)), tmp_path / "out"
    refused = True

    def answer(body: Body, count: int) -> Reply:
        return Reply('{"error": "key"}', 401) if refused else teaching(body, count)

    async with serving(answer) as server:
        options = asked(server.url, student, out)
        first = await asyncio.to_thread(ponder, "recycle", data, *options, "--concurrency", 1)
        refused = False
        second = await asyncio.to_thread(ponder, "recycle", data, *options)

    assert (first.code, second.code) == (1, 0)
    assert "came to nothing" in first.err
    assert len(read(out / "recycled.jsonl")) == 12


TOO_LONG = "This model's maximum context length is 2048 tokens. However, you requested 9000 tokens."


async def test_pairs_that_are_too_long_for_the_teacher_are_done_and_hold_up_no_others(
    ponder: Ponder, tmp_path: Path, student: str
) -> None:
    long = [{"instruction": f"long {n}", "output": "x"} for n in range(9)]
    data, out = written(tmp_path / "d.jsonl", [*long, *rows(3)]), tmp_path / "out"

    def answer(body: Body, count: int) -> Reply:
        too_long = "long" in body["messages"][1]["content"]
        return error(400, TOO_LONG) if too_long else teaching(body, count)

    async with serving(answer) as server:
        options = asked(server.url, student, out)
        first = await asyncio.to_thread(ponder, "recycle", data, *options, "--concurrency", 1)
        calls = len(server.bodies)
        again = await asyncio.to_thread(ponder, "recycle", data, *options)

    every = {row["instruction"]: row for row in read(out / "recycled.jsonl")}
    assert (first.code, again.code) == (0, 0)
    assert len(server.bodies) == calls
    assert len(every) == 12
    assert every["long 0"]["why"].startswith("too long: ")
    assert "9: too long" in first.out


async def test_equal_pairs_are_each_one(ponder: Ponder, tmp_path: Path, student: str) -> None:
    data = written(tmp_path / "d.jsonl", [*rows(2), *rows(2), *rows(1)])
    async with serving(teaching) as server:
        options = asked(server.url, student, tmp_path / "out")
        ended = await asyncio.to_thread(ponder, "recycle", data, *options)

    ids = sorted(row["id"] for row in read(tmp_path / "out/recycled.jsonl"))
    assert ended.code == 0
    assert [id[12:] for id in ids].count("-2") == 2
    assert [id[12:] for id in ids].count("-3") == 1


def test_a_student_is_named_as_models_are() -> None:
    names = ("embedded/a", "transformers/b/c", "d", "ifd:e,mode=ids")

    assert [verifier_of(name, None, None) for name in names] == [
        "ifd:a,mode=ids,template=vicuna",
        "ifd:b/c,mode=ids,template=vicuna",
        "ifd:d,mode=ids,template=vicuna",
        "ifd:e,mode=ids",
    ]
    assert verifier_of("a", "official", "wiz") == "ifd:a,mode=official,template=wiz"


async def test_the_data_are_not_written_over(ponder: Ponder, tmp_path: Path, student: str) -> None:
    data, out = written(tmp_path / "data.jsonl", rows(3)), tmp_path / "out"
    async with serving(teaching) as server:
        options = asked(server.url, student, out)
        await asyncio.to_thread(ponder, "recycle", data, *options)
        before = (out / "data.jsonl").read_text()
        ended = await asyncio.to_thread(ponder, "recycle", out / "data.jsonl", *options)

    assert ended.code == 2
    assert (out / "data.jsonl").read_text() == before


GOOD = {"instruction": "a", "output": "b"}
WRONG: list[tuple[Any, tuple[Any, ...], str]] = [
    ([], (), "has no pair that can be used"),
    ([3], (), "line 1: not an object"),
    ([{"prompt": "x"}], (), "line 1: it has no `instruction`, `messages` or `conversations`"),
    ([GOOD, {"instruction": " ", "output": "b"}], (), "line 2: `instruction` must be text"),
    ([{"instruction": "a", "output": None}], (), "line 1: `output` must be text"),
    ([{"instruction": "a", "input": 3, "output": "b"}], (), "line 1: `input` must be text"),
    ([{"messages": []}], (), "`messages` must be a list of turns"),
    ([{"messages": [{"role": "tool", "content": "x"}]}], (), "a turn must have `role`"),
    ([{"messages": [{"role": "user", "content": "x"}] * 2}], (), "user, user"),
    ([{"conversations": [{"from": "human", "value": "x"}]}], (), "one turn of a user"),
    ([GOOD], ("--top", 0), "--top 0: must be above 0"),
    ([GOOD], ("-o", "filter=maybe"), "option filter='maybe'"),
    ([GOOD], ("-o", "tries=0"), "option tries="),
    ([GOOD], ("-o", "colour=red"), "option 'colour' is not one of instruction, response"),
    ([GOOD], ("--profile", "slow"), "profile 'slow' is not one of paper, fast"),
    ([GOOD], ("--template", "none"), "must be one of vicuna"),
    ([GOOD], ("--student", "/no/where"), "there is no folder"),
    ([GOOD], ("--student", "ifd:x", "--mode", "ids"), "give mode= in it"),
    ([GOOD], ("--format", "csv"), "--format"),
    ([GOOD], ("--limit", 0), "--limit"),
    ([{"instruction": "\ud800", "output": "b"}], (), "half of a surrogate pair is in it"),
    ([GOOD], ("--budget", "calls=x"), "budget"),
]


@pytest.mark.parametrize(("data", "options", "why"), WRONG)
def test_what_is_wrong_is_one_line_before_anything_is_paid_for(
    ponder: Ponder, tmp_path: Path, student: str, data: Any, options: Any, why: str
) -> None:
    path = written(tmp_path / "d.jsonl", data)
    url = "http://127.0.0.1:9/v1"

    ended = ponder("recycle", path, *asked(url, student, tmp_path / "out"), *options)

    assert ended.code == 2
    assert why in ended.err
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


async def test_bad_rows_are_left_out_and_counted_where_that_is_wanted(
    ponder: Ponder, tmp_path: Path, student: str
) -> None:
    data = written(tmp_path / "d.jsonl", [*rows(2), {"instruction": 3}, {"x": 1}, {"y": 1}])
    async with serving(teaching) as server:
        options = asked(server.url, student, tmp_path / "out")
        ended = await asyncio.to_thread(ponder, "recycle", data, *options, "--skip-bad")

    assert ended.code == 0
    assert "left out 2 rows: it has no `instruction`" in ended.err
    assert "left out 1 row: `instruction` must be text" in ended.err


async def test_what_a_teacher_says_is_a_result_whatever_it_is(
    ponder: Ponder, tmp_path: Path, student: str
) -> None:
    data = written(tmp_path / "d.jsonl", rows(3))
    new, better = (
        "[New Instruction] \x00 x [End][New Answer] y\u2028 [End]",
        "[Better Answer] \x1b z",
    )

    def answer(body: Body, count: int) -> Reply:
        return ok(better if "better answer" in body["messages"][1]["content"] else new)

    async with serving(answer) as server:
        options = asked(server.url, student, tmp_path / "out")
        ended = await asyncio.to_thread(ponder, "recycle", data, *options)

    every = read(tmp_path / "out/recycled.jsonl")
    assert ended.code == 0
    assert len(every) == 3
    assert {row["output"] for row in every} <= {"y", "\x1b z", *(row["output"] for row in rows(3))}
