"""The verifier `ifd:MODEL`."""

import asyncio
import math
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.tasks import InstructionTask, MathTask
from ponder.verifiers import connect_verifier
from ponder.verifiers.base import Configured, Preparable, StudentVerifier, Verifier
from ponder.verifiers.ifd import Difficulty, Loss, Student, Template
from ponder.verifiers.ifd.templates import TEMPLATES, guess
from tests.verifiers.ifd.official import LIMIT, pairs, saved

PAIR = InstructionTask("1", "name a tree", "blue")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return saved(tmp_path_factory.mktemp("student"))


def test_it_is_what_it_is_called(folder: str) -> None:
    made = connect_verifier(f"ifd:{folder},mode=official,template=wiz,by=loss,max_length=64")

    assert isinstance(made, Verifier)
    assert isinstance(made, StudentVerifier)
    assert isinstance(made, Preparable)
    assert isinstance(made, Configured)
    assert made.settings == {
        "mode": "official", "template": "wiz", "by": "loss", "max_length": 64,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("ifd", "ifd:WHAT"),
        ("ifd:/no/where", "there is no folder"),
        ("ifd:{},mode=exact", "must be one of ids, official"),
        ("ifd:{},template=none", "must be one of vicuna"),
        ("ifd:{},by=bits", "must be one of ppl, loss"),
        ("ifd:{},max_length=1", "must be at least 2"),
        ("ifd:{}?pauses=3", "a student is scored without pauses"),
        ("ifd:{},mode=official,template=chat", "not chat"),
    ],
)
def test_what_it_cannot_be_is_one_line(folder: str, name: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        connect_verifier(name.format(folder))


def test_a_mode_that_there_is_not_is_one_line(folder: str) -> None:
    wrong: Any = "exact"

    with pytest.raises(InputError, match="mode 'exact' is not one of ids, official"):
        Student(folder, mode=wrong)
    with pytest.raises(InputError, match="by 'exact' is not one of ppl, loss"):
        Student(folder, by=wrong)


async def test_a_tokenizer_without_a_chat_template_is_told(folder: str) -> None:
    with pytest.raises(InputError, match="has no chat template"):
        await Student(folder, template="chat").judge(PAIR, ["blue"])


async def test_only_pairs_are_judged(folder: str) -> None:
    with pytest.raises(InputError, match="pairs of instruction data"):
        await Student(folder).judge(MathTask("1", "1 + 1?"), ["2"])


async def test_nine_forwards_a_sample(folder: str) -> None:
    student = Student(folder, max_length=LIMIT)
    rows = [one for one in pairs(20) if len(one.output) < 200]
    losses = (await student.engine()).losses

    async def lazily(old: InstructionTask) -> None:
        new = InstructionTask(old.id, f"why {old.instruction}", f"how {old.output}")
        await asyncio.gather(student.judge(old, [old.output]), student.judge(new, [new.output]))
        better = f"it was {new.output}"
        await student.judge_recovery(new, [new.output, better])
        await student.judge(new, [better])

    await asyncio.gather(*map(lazily, rows))

    assert losses.counters.asked == 10 * len(rows)
    assert losses.counters.forwards == 9 * len(rows)  # L(x) is asked for twice
    await asyncio.gather(*map(lazily, rows))
    assert losses.counters.forwards == 9 * len(rows)


async def test_only_the_target_s_logits_are_computed(folder: str) -> None:
    student = Student(folder, max_length=LIMIT)

    [found] = await student.difficulty(PAIR, ["blue red tree"])

    assert found.given is not None
    assert (await student.engine()).losses.counters.scored == 2 * found.given.tokens


async def test_calls_that_come_together_are_read_together(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = Student(folder, max_length=LIMIT)
    losses = (await student.engine()).losses
    calls: list[int] = []
    together = losses._losses

    def counted(spans: Any) -> Any:
        calls.append(len(spans))
        return together(spans)

    monkeypatch.setattr(losses, "_losses", counted)

    await asyncio.gather(*(student.judge(one, [one.output]) for one in pairs(12, seed=5)))

    assert sum(calls) == 24
    assert len(calls) < 9


def test_two_ratios_that_agree_on_which_side_of_1_and_on_no_order() -> None:
    easy, hard = Difficulty(Loss(1.0, 3), Loss(2.0, 3)), Difficulty(Loss(0.3, 3), Loss(0.9, 3))

    assert easy.ratio("ppl") == pytest.approx(math.exp(-1.0))
    assert easy.ratio("loss") == pytest.approx(0.5)
    assert easy.ratio("ppl") < hard.ratio("ppl")  # type: ignore[operator]
    assert easy.ratio("loss") > hard.ratio("loss")  # type: ignore[operator]
    assert Difficulty(reason="none").ratio() is None
    assert Difficulty(Loss(1.0, 1), Loss(0.0, 1)).ratio("loss") is None
    assert Difficulty(Loss(9999.0, 1), Loss(0.0, 1)).ratio() > 1e300  # type: ignore[operator]


def test_no_text_of_the_data_is_taken_for_a_field() -> None:
    made = TEMPLATES["wiz"]("say {input}", "{instruction}")

    assert made == "say {input}\n{instruction}\n\n### Response:"
    assert guess("{instruction}").count("{instruction}") == 1


async def test_a_template_of_one_s_own(folder: str) -> None:
    own = Student(folder, template=Template("Q: {instruction}\nA:", "Q: {instruction} {input}\nA:"))
    [verdict], [other] = (
        await own.judge(PAIR, ["blue"]),
        await Student(folder).judge(PAIR, ["blue"]),
    )

    assert verdict.score is not None
    assert verdict.score != other.score


def test_templates_end_where_an_answer_begins() -> None:
    assert TEMPLATES["vicuna"]("Hi", "there").endswith("USER: Hi\nInput:\nthere ASSISTANT:")
    assert TEMPLATES["alpaca"]("Hi").endswith("### Instruction:\nHi\n\n### Response:")
    assert TEMPLATES["plain"]("Hi", "there") == "Hi\nthere\n"
    assert not any("{input}" in one.plain for one in TEMPLATES.values())
