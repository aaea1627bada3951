"""How likely a model is to say each of some words."""

import math
from typing import Any

import pytest

from ponder.errors import InputError, ModelRejected
from ponder.models import Choice, EmbeddedModel, LiteLLMModel, Message, ScriptedModel
from ponder.models.replies import probabilities
from ponder.tasks import MathTask
from ponder.verifiers import JudgeModel
from tests.support.server import Body, Reply, error, serving, text, too_many
from tests.support.stepping import answered, counting, model

ASKED: list[Message] = [{"role": "user", "content": "Is two even?"}]
YES_NO = ["Yes", "No"]


def logs(**tokens: float) -> list[tuple[str, float]]:
    return [(token.replace("_", " "), math.log(p)) for token, p in tokens.items()]


@pytest.mark.parametrize(
    ("choices", "tokens", "expected"),
    [
        (YES_NO, logs(Yes=0.3, _Yes=0.3, No=0.2, yes=0.1), {"Yes": 0.75, "No": 0.25}),
        (YES_NO, logs(Yes=0.5, Maybe=0.5), {"Yes": 1.0, "No": 0.0}),
        ([" Yes", " No"], logs(_Yes=0.3, Yes=0.3, _No=0.2), {" Yes": 0.75, " No": 0.25}),
        (["correct", "incorrect"], logs(inc=0.3, correct=0.1, i=0.2), {"correct": 0.25}),
        (["+", "-"], logs(**{"+": 0.1, "-": 0.3, "--": 0.5}), {"+": 0.25, "-": 0.75}),
    ],
)
def test_a_choice_is_as_likely_as_the_tokens_it_begins_with(
    choices: list[str], tokens: list[tuple[str, float]], expected: dict[str, float]
) -> None:
    found = probabilities(choices, tokens)

    assert sum(found.values()) == pytest.approx(1)
    assert {choice: found[choice] for choice in expected} == pytest.approx(expected)


def test_choices_that_begin_alike_are_the_callers_fault() -> None:
    with pytest.raises(InputError, match="two begin with the same token"):
        probabilities(["incorrect", "incomplete"], logs(inc=0.5))


def test_choices_that_are_not_among_the_tokens_are_an_error_and_no_zero() -> None:
    with pytest.raises(ModelRejected, match="none of Yes, No is among the 1 likeliest"):
        probabilities(YES_NO, logs(The=0.9))


def chances(**tokens: float) -> dict[str, Any]:
    tops = [{"token": token, "logprob": p, "bytes": None} for token, p in logs(**tokens)]
    return {"content": [{**tops[0], "top_logprobs": tops}]}


SURE = chances(Yes=0.6, _No=0.2)


async def choose(model: Any, prefix: str = "") -> Choice:
    choice: Choice = await model.choose(ASKED, YES_NO, path="p", prefix=prefix)
    return choice


@pytest.mark.usefixtures("litellm")
@pytest.mark.parametrize("name", ["hosted_vllm/x", "openai/x"])
async def test_one_token_is_asked_for_with_the_chances_of_others(name: str) -> None:
    async with serving(
        lambda body, count: too_many() if count == 0 else answered("Yes", "length", logprobs=SURE)
    ) as server:
        choice = await choose(model(server, name, api_key="k"))

    assert choice.probabilities == pytest.approx({"Yes": 0.75, "No": 0.25})
    assert choice.usage.tokens == 50
    assert [line.partition(":")[0] for line in choice.faults] == ["429"]
    asked = {"logprobs": True, "top_logprobs": 20, "max_tokens": 1, "temperature": 0.0}
    assert asked.items() <= server.bodies[0].items()


@pytest.mark.usefixtures("litellm")
async def test_a_prefix_must_be_gone_on_with() -> None:
    begun = {"prompt": "<assistant>It is", "content": "", "stop_type": "limit"}
    async with serving(
        lambda body, count: answered("Yes", "length", logprobs=SURE, more={"__verbose": begun})
    ) as server:
        choice = await choose(model(server), "It is")
        with pytest.raises(ModelRejected, match="shows that it went on"):
            await choose(model(server), "They are")

    assert choice.probabilities["Yes"] == pytest.approx(0.75)


@pytest.mark.usefixtures("litellm")
async def test_a_template_that_drops_the_end_of_the_prefix_is_of_no_use() -> None:
    def answer(body: Body, count: int) -> Reply:
        return answered("Yes", "length", logprobs=SURE, stop_reason=None)

    async with serving(counting(answer, trims=True)) as server:
        with pytest.raises(ModelRejected, match="drops the white space"):
            await choose(model(server), "It is\n")


@pytest.mark.usefixtures("litellm")
async def test_text_completions_tell_too() -> None:
    tops = {"top_logprobs": [dict(logs(Yes=0.6, _No=0.2))]}
    async with serving(lambda body, count: text("Yes", "length", logprobs=tops)) as server:
        choice = await choose(model(server, template="{{ messages[0].content }}:"), "It is")

    assert choice.probabilities == pytest.approx({"Yes": 0.75, "No": 0.25})
    assert server.bodies[0]["prompt"] == "Is two even?:It is"
    assert server.bodies[0]["logprobs"] == 20


@pytest.mark.usefixtures("litellm")
async def test_a_server_that_gives_fewer_is_asked_for_fewer() -> None:
    def answer(body: Body, count: int) -> Reply:
        few = body["top_logprobs"] <= 5
        return (
            answered("Yes", "length", logprobs=SURE)
            if few
            else error(400, "top_logprobs: at most 5")
        )

    async with serving(answer) as server:
        choice = await choose(model(server))

    assert choice.probabilities["Yes"] == pytest.approx(0.75)


@pytest.mark.usefixtures("litellm")
async def test_a_server_that_gives_none_is_an_error() -> None:
    async with serving(lambda body, count: answered("Yes", "length")) as server:
        with pytest.raises(ModelRejected, match=r"^no probabilities: the server sent none"):
            await choose(model(server))

    assert len(server.bodies) == 1


@pytest.mark.usefixtures("litellm")
async def test_a_provider_that_gives_none_is_not_asked() -> None:
    with pytest.raises(ModelRejected, match=r"^no probabilities: LiteLLM knows of none"):
        await choose(LiteLLMModel("anthropic/claude-haiku-4-5", api_key="k"))


@pytest.mark.parametrize(
    ("said", "expected"),
    [("No, it is odd.", {"Yes": 0, "No": 1}), (Choice({"Yes": 0.6, "No": 0.4}), {"Yes": 0.6})],
)
async def test_a_scripted_model_chooses_what_it_is_told_to(
    said: str | Choice, expected: dict[str, float]
) -> None:
    scripted = ScriptedModel(lambda messages, path, index: said)

    choice = await choose(scripted, "It is")

    assert expected.items() <= choice.probabilities.items()
    assert scripted.calls[0].messages[-1] == {"role": "assistant", "content": "It is"}


@pytest.mark.model
@pytest.mark.usefixtures("litellm")
async def test_a_real_model_chooses_by_what_it_has_begun_to_say() -> None:
    embedded = EmbeddedModel("embedded/smollm2-135m")

    plain = await choose(embedded)
    begun = await choose(embedded, "The answer is: Yes. I repeat:")

    for choice in (plain, begun):
        assert sum(choice.probabilities.values()) == pytest.approx(1)
        assert choice.usage.cost == 0.0
    assert begun.probabilities["Yes"] > 0.8
    assert plain.probabilities != begun.probabilities


@pytest.mark.usefixtures("litellm")
async def test_a_judge_behind_a_server_thinks_and_then_gives_probabilities() -> None:
    def answer(body: Body, count: int) -> Reply:
        if body["messages"][-1]["role"] == "assistant":
            return answered(" Yes", "length", stop_reason=None, logprobs=chances(_Yes=0.6, _No=0.2))
        return answered("It is.\nVerdict: Yes")

    async with serving(answer) as server:
        judge = JudgeModel(model(server))
        (verdict,) = await judge.judge_steps(MathTask("q", "Is two even?"), [["Yes."]])

    assert verdict.steps == pytest.approx((0.75,))
    assert verdict.usage.calls == 2
