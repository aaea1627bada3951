"""Mode "official" against the released script, and each of its quirks, with what ours does."""

import asyncio
import math

import pytest

from ponder.tasks import InstructionTask
from ponder.verifiers.ifd import Student
from ponder.verifiers.ifd.selection import keep_likelier, survives
from ponder.verifiers.ifd.spans import Mode
from tests.verifiers.ifd.official import LIMIT, losses, pairs, saved, tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return saved(tmp_path_factory.mktemp("student"))


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> str:
    return saved(tmp_path_factory.mktemp("without"), begins=False)


@pytest.fixture
def official(folder: str) -> Student:
    return made(folder, "official")


@pytest.fixture
def ids(folder: str) -> Student:
    return made(folder, "ids")


def made(folder: str, mode: Mode) -> Student:
    return Student(folder, mode=mode, max_length=LIMIT)


async def both(student: Student, pair: InstructionTask) -> dict[str, float | int]:
    """The four losses, and how many tokens each is of; NaN where there is none."""
    [hard] = await student.difficulty(pair, [pair.output])
    [back] = await student.recovery(pair, [pair.output])
    found: dict[str, float | int] = {}
    for name, loss in (
        ("x", back.alone), ("y", hard.alone), ("x|y", back.given), ("y|x", hard.given),
    ):  # fmt: skip
        found[name] = loss.value if loss else math.nan
        found[f"tokens of {name}"] = loss.tokens if loss else 0
    return found


async def test_600_rows_have_the_script_s_numbers(official: Student) -> None:
    rows = pairs(600)

    for pair in rows:
        ours, theirs = await both(official, pair), losses(pair)

        for name in theirs:
            assert ours[name] == pytest.approx(theirs[name], abs=1e-4) or (
                math.isnan(theirs["y|x"]) or math.isnan(theirs["x|y"])
            )
        ifd = math.exp(theirs["y|x"] - theirs["y"])
        [verdict] = await official.judge(pair, [pair.output])
        assert math.isnan(ifd) or verdict.score == pytest.approx(ifd, rel=1e-4)


async def test_a_without_a_first_token_the_script_leaves_one_out_of_one_side(without: str) -> None:
    pair = InstructionTask("a", "name a tree", "the blue tree")
    theirs, ours = made(without, "official"), made(without, "ids")

    script, equal = await both(theirs, pair), await both(ours, pair)

    assert script["y"] == pytest.approx(losses(pair, begins=False)["y"], abs=1e-4)
    assert script["tokens of y"] == script["tokens of y|x"] - 1
    assert equal["tokens of y"] == equal["tokens of y|x"]


async def test_b_a_token_that_reaches_over_the_border(official: Student, ids: Student) -> None:
    pair = InstructionTask("b", "name a tree", ": the")
    text = "ASSISTANT:: the"
    assert len(tokenizer().encode(text)) < len(tokenizer().encode(text[:10])) + len(
        tokenizer().encode(text[10:], add_special_tokens=False)
    )

    script, equal = await both(official, pair), await both(ids, pair)

    assert script["y|x"] == pytest.approx(losses(pair)["y|x"], abs=1e-4)
    assert script["tokens of y|x"] != script["tokens of y"]
    assert equal["tokens of y|x"] == equal["tokens of y"]


async def test_c_an_input_that_repeats_its_instruction(official: Student, ids: Student) -> None:
    pair = InstructionTask("c", "sort", "it is", "red river sort blue")

    script, equal = await both(official, pair), await both(ids, pair)

    assert script["x|y"] == pytest.approx(losses(pair)["x|y"], abs=1e-4)
    assert script["tokens of x|y"] < script["tokens of x"]  # from the last "sort" on
    assert equal["tokens of x|y"] == equal["tokens of x"]


@pytest.mark.parametrize("mode", ["official", "ids"])
async def test_d_what_has_no_loss_is_not_scored_and_never_wins(folder: str, mode: Mode) -> None:
    pair = InstructionTask("d", "river " * LIMIT, "it is")
    assert math.isnan(losses(pair)["y|x"])
    student = made(folder, mode)

    [verdict] = await student.judge(pair, [pair.output])

    assert verdict.score is None
    assert f"of {LIMIT}" in verdict.reason
    assert not keep_likelier(0.9, verdict.score).changed  # the script's 0 always wins
    assert not survives(verdict.score, 0.5).changed


async def test_e_a_long_answer_is_cut_to_the_same_tokens_on_both_sides(ids: Student) -> None:
    pair = InstructionTask("e", "list two", "river " * LIMIT)

    found = await both(ids, pair)

    assert found["tokens of y|x"] == found["tokens of y"]
    assert 100 < found["tokens of y"] < LIMIT


async def test_e_the_script_does_so_where_the_border_is_clean(official: Student) -> None:
    pair = InstructionTask("e", "list two", " river" * LIMIT)

    found = await both(official, pair)

    assert found["tokens of y|x"] == found["tokens of y"]
    assert found["y"] == pytest.approx(losses(pair)["y"], abs=1e-4)


async def test_an_empty_answer_has_no_score(official: Student, ids: Student) -> None:
    pair = InstructionTask("n", "list two", "")

    for student in (official, ids):
        [hard], [back] = await student.judge(pair, [""]), await student.judge_recovery(pair, [""])

        assert hard.score is None is back.score
        assert hard.reason == "ifd: there is no token to score"
        assert back.reason == "r-ifd: the answer is empty"


async def test_what_cannot_be_put_into_tokens_costs_no_other_its_score(ids: Student) -> None:
    pair = InstructionTask("s", "list two", "it is")

    bad, good = await ids.judge(pair, ["\ud800", "it is"])

    assert bad.score is None
    assert "could not be put into tokens" in bad.reason
    assert good.score is not None


@pytest.mark.parametrize("name", ["x", "y", "x|y", "y|x"])
async def test_the_company_of_others_changes_no_score(ids: Student, folder: str, name: str) -> None:
    rows = pairs(40, seed=3)
    together = await asyncio.gather(*(both(ids, pair) for pair in rows))
    passed = (await ids.engine()).losses.counters.most
    assert passed > LIMIT  # more than one text in a pass

    for pair, found in list(zip(rows, together, strict=True))[::7]:
        alone = made(folder, "ids")
        (await alone.engine()).loaded.decoder.prefixes.clear()
        assert (await both(alone, pair))[name] == pytest.approx(found[name], abs=1e-5)
