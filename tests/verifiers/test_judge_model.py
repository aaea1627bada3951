"""Language models as judges."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ponder.errors import ModelRejected, ModelUnavailable
from ponder.models import Choice, Message, ScriptedModel, Usage, connect
from ponder.models.scripted import Reply, Script
from ponder.tasks import MathTask
from ponder.verifiers import Verdict
from ponder.verifiers.base import StepVerifier
from ponder.verifiers.judge_model import JudgeModel, said_yes
from tests.models.local import tiny

TASK = MathTask("t", "What is {two} + 3?")


class Talking:
    """Says things, and does not tell how likely it was to."""

    supports_schema = False

    def __init__(self, script: Script) -> None:
        self.scripted = ScriptedModel(script)
        self.name, self.chat, self.price = "scripted", self.scripted.chat, self.scripted.price

    async def ready(self) -> None:
        """See `Model.ready`."""


class Choosing(ScriptedModel):
    """Also tells how likely it is to say something."""

    likely: Callable[[list[Message], str], float] = staticmethod(lambda messages, prefix: 0.9)

    async def choose(
        self, messages: list[Message], choices: Sequence[str], *, path: str, prefix: str = ""
    ) -> Choice:
        yes = self.likely(messages, prefix)
        return Choice(dict(zip(choices, (yes, 1 - yes), strict=True)), Usage(1, 10, 1))


def asked(messages: list[Message]) -> str:
    return messages[-1]["content"]


def judge_saying(*replies: Reply, **settings: object) -> JudgeModel:
    model = Talking(lambda messages, path, index: replies[index % len(replies)])
    return JudgeModel(model, **settings)  # type: ignore[arg-type]


async def test_a_score_is_the_share_of_yes() -> None:
    judge = judge_saying("So.\nVerdict: Yes", "Hm.\nVerdict: No", "\\boxed{Yes}", "well", n=4)

    (verdict,) = await judge.judge_steps(TASK, [("2 + 3 = 5",)])

    assert isinstance(judge, StepVerifier)
    assert verdict.steps == pytest.approx((2 / 3,))
    assert verdict.reason == "step 1: 2 of 3 verdicts are Yes"
    assert verdict.usage.calls == 4


async def test_no_verdict_is_no_score() -> None:
    judge = judge_saying("I cannot tell.", n=3)

    (verdict,) = await judge.judge_steps(TASK, [("2 + 3 = 5",)])

    assert verdict.score is None
    assert verdict.steps == ()
    assert verdict.reason == "step 1: none of 3 replies has a verdict"
    assert verdict.usage.calls == 3


async def test_a_step_is_judged_given_those_before_it() -> None:
    def script(messages: list[Message], path: str, index: int) -> str:
        wrong = "step 2, correct" in asked(messages)
        assert ("Step 2: b" in asked(messages)) == (not asked(messages).count("step 1, correct"))
        return "Verdict: No" if wrong else "Verdict: Yes"

    judge = JudgeModel(Talking(script))

    (verdict,) = await judge.judge_steps(TASK, [("a", "b", "c")])

    assert verdict.steps == (1.0, 0.0, 1.0)
    assert verdict.score == 0.0
    assert verdict.reason == "step 2: 0 of 1 verdicts are Yes"


async def test_a_prefix_is_paid_for_once() -> None:
    judge = judge_saying("Verdict: Yes")

    first = await judge.judge_steps(TASK, [("a",), ("a", "b")])
    second = await judge.judge_steps(TASK, [("a", "b", "c"), ("a", "b", "d")])

    assert [verdict.usage.calls for verdict in first + second] == [1, 1, 1, 1]


async def test_a_judge_that_failed_is_asked_again_next_time() -> None:
    judge = judge_saying(ModelUnavailable("503: busy"), "Verdict: Yes")

    (failed,) = await judge.judge_steps(TASK, [("a",)])
    (judged,) = await judge.judge_steps(TASK, [("a",)])

    assert failed == Verdict(reason="step 1: scripted: 503: busy")
    assert judged.score == 1.0


async def test_one_failed_call_costs_one_solution() -> None:
    def script(messages: list[Message], path: str, index: int) -> Reply:
        return ModelUnavailable("gone") if "bad" in asked(messages) else "Verdict: Yes"

    bad, good = await JudgeModel(Talking(script)).judge_steps(TASK, [("a", "bad"), ("a",)])

    assert bad.score is None
    assert good.score == 1.0


async def test_a_model_that_tells_probabilities_is_asked_for_them() -> None:
    model = Choosing(lambda messages, path, index: "never asked")
    model.likely = lambda messages, prefix: 0.25 if prefix == "" else 1.0

    (verdict,) = await JudgeModel(model, think=False).judge_steps(TASK, [("a", "b")])

    assert verdict.steps == (0.25, 0.25)
    assert model.calls == []
    assert verdict.usage.calls == 2


async def test_a_judge_that_thinks_is_read_where_it_decides() -> None:
    prefixes: list[str] = []
    thoughts = ("Fine.\n\n**Verdict: No**", "Hm, \\boxed{Yes}", "I am not sure.")
    model = Choosing(lambda messages, path, index: thoughts[index])

    def likely(messages: list[Message], prefix: str) -> float:
        prefixes.append(prefix)
        return len(prefixes) / 10

    model.likely = likely

    (verdict,) = await JudgeModel(model, n=3).judge_steps(TASK, [("a",)])

    assert prefixes == [
        "Fine.\n\nVerdict:",
        "Hm,\n\nVerdict:",
        "I am not sure.\n\nVerdict:",
    ]
    assert verdict.score == pytest.approx(0.2)
    assert verdict.usage.calls == 6


@pytest.mark.parametrize("think", [True, False])
async def test_a_server_without_probabilities_is_asked_for_verdicts(think: bool) -> None:
    model = Choosing(lambda messages, path, index: "Verdict: Yes." if think else "Yes.")
    asked_for = []

    def likely(messages: list[Message], prefix: str) -> float:
        asked_for.append(prefix)
        raise ModelRejected("no logprobs")

    model.likely = likely
    judge = JudgeModel(model, think=think, n=2)

    (one,) = await judge.judge_steps(TASK, [("a",)])
    (two,) = await judge.judge_steps(TASK, [("b",)])

    assert one.reason == two.reason == "step 1: 2 of 2 verdicts are Yes"
    assert len(model.calls) == 4
    assert len(asked_for) == (2 if think else 1)


async def test_a_rejected_question_is_only_that() -> None:
    model = Choosing(lambda messages, path, index: "No.")

    def likely(messages: list[Message], prefix: str) -> float:
        if "long" in asked(messages):
            raise ModelRejected("the prompt is too long")
        return 0.9

    model.likely = likely
    judge = JudgeModel(model, think=False)

    scores = [(await judge.judge_steps(TASK, [(step,)]))[0].score for step in ("a", "long", "b")]

    assert scores == [0.9, 0.0, 0.9]


async def test_a_model_in_this_process_judges_by_its_probabilities(tmp_path: Path) -> None:
    tiny.save(tmp_path, "llama", max_position_embeddings=2048)
    judge = JudgeModel(connect(f"transformers/{tmp_path}"), think=False)

    (verdict,) = await judge.judge_steps(TASK, [("a", "b")])

    assert all(0 < score < 1 for score in verdict.steps)
    assert verdict.steps[0] != verdict.steps[1]
    assert verdict.reason.split(": ")[1].startswith("Yes with probability 0.")


async def test_a_solution_can_be_judged_as_a_whole() -> None:
    judge = judge_saying("Verdict: Yes", by="solution")

    whole, empty = await judge.judge(TASK, ["a\n\nb", " "])

    assert (whole.score, whole.steps) == (1.0, ())
    assert empty.reason == "there is nothing to judge"


async def test_a_text_is_split_into_its_steps() -> None:
    verdicts = await judge_saying("Verdict: Yes").judge(TASK, ["a\n\nb\n\n", ""])

    assert [len(verdict.steps) for verdict in verdicts] == [2, 0]
    assert verdicts[1].reason == "there are no steps to judge"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Verdict: Yes", True),
        ("**Verdict**: **No**", False),
        ("verdict is\nunclear", None),
        ("Verdict: No. On second thought,\nVerdict: Yes", True),
        ("$\\boxed{Yes}$", True),
        ("\\boxed{incorrect}", False),
        ("Yes, I think so", None),
        ("Verdict: Yesterday", None),
        ("", None),
    ],
)
def test_verdicts_are_read(text: str, expected: bool | None) -> None:
    assert said_yes(text) is expected


def test_one_word_is_a_verdict_of_one_who_was_asked_for_one() -> None:
    assert said_yes(" **Yes**.", thought=False) is True
    assert said_yes("Yes.", thought=True) is None
