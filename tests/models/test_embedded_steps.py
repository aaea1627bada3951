"""Replies that a real small model writes step by step."""

import pytest

from ponder.models import EmbeddedModel, LiteLLMModel, Message, StepModel
from tests.support.stepping import extend

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("litellm")]

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
TURN = "<|im_start|>{{ m.role }}{{ '\\n' }}{{ m.content }}<|im_end|>{{ '\\n' }}"
TEMPLATE = (
    f"<|im_start|>system\n{SYSTEM}<|im_end|>\n{{% for m in messages %}}{TURN}{{% endfor %}}"
    "<|im_start|>assistant{{ '\\n' }}"
)


async def by_steps(model: StepModel, messages: list[Message], stop: str) -> tuple[str, list[str]]:
    """What the model writes, and what ended each of its steps."""
    written, finishes = "", ["step"]
    while finishes[-1] == "step" and len(finishes) < 10:
        [step] = await model.extend(
            messages, written, path="p", stop=[stop], temperature=0.0, max_tokens=100
        )
        written += step.text + (stop if step.finish == "step" else "")
        finishes.append(step.finish)
    return written, finishes[1:]


# Not for every reply: a prefix is sent as text, and read in other tokens than the model wrote where
# it put two line breaks in a row, or where a separator ends with the space that begins a word.
@pytest.mark.parametrize("ask", ["Name three colours, one a line.", "Name three fruits."])
async def test_a_reply_written_step_by_step_is_the_one_written_at_once(ask: str) -> None:
    embedded = EmbeddedModel("embedded/smollm2-135m")
    messages: list[Message] = [{"role": "user", "content": ask}]
    [whole] = await embedded.chat(messages, path="p", temperature=0.0, max_tokens=100)

    written, finishes = await by_steps(embedded, messages, "\n")

    assert written == whole.text
    assert finishes == ["step"] * (len(finishes) - 1) + ["answer"]
    assert len(finishes) > 1


async def test_samples_of_a_step_are_the_same_for_the_same_seed() -> None:
    embedded = EmbeddedModel("embedded/smollm2-135m")

    once, again = [
        await extend(embedded, n=3, seed=2, temperature=1.0, max_tokens=12) for _ in range(2)
    ]

    assert [step.text for step in once] == [step.text for step in again]
    assert len({step.text for step in once}) > 1
    assert all(step.usage.cost == 0.0 for step in once)


async def test_text_completions_write_the_same_as_going_on_with_a_message() -> None:
    embedded = EmbeddedModel("embedded/smollm2-135m")
    served = await embedded._serve()
    texts = LiteLLMModel(
        "openai/x", api_base=served.api_base, api_key=served.api_key, template=TEMPLATE
    )
    messages: list[Message] = [{"role": "user", "content": "Name three fruits."}]

    by_text = await by_steps(texts, messages, "\n")

    assert by_text == await by_steps(embedded, messages, "\n")
    assert by_text[1][-1] == "answer"
