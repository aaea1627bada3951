"""Prompts that a student is given an instruction in, as data.

The texts are those that the models were tuned with, so they are given letter for letter.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

FIELD = re.compile(r"\{(instruction|input)\}")
GUESS = (
    "Below is the response to an instruction, please guess the corresponding instruction for the "
    "given response.\n{instruction}\nGenerate the instruction for the above response."
)
"""What asks for the instruction of an answer (2402.10110, equation 8; the released script)."""


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt up to where the answer begins: `{instruction}` and `{input}` are filled in, all at
    once, so that no text of the data's is taken for a field."""

    plain: str
    """Without an input."""
    with_input: str

    def __call__(self, instruction: str, input: str = "") -> str:
        """The prompt."""
        given = {"instruction": instruction, "input": input}
        text = self.with_input if input else self.plain
        return FIELD.sub(lambda field: given[field[1]], text)


def guess(answer: str) -> str:
    """The instruction that asks for the instruction of an answer: y' of the paper."""
    return FIELD.sub(lambda _: answer, GUESS)


_VICUNA = (
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives "
    "helpful, detailed, and polite answers to the user's questions. USER: "
)
_ALPACA = "Below is an instruction that describes a task"
_RESPOND = "Write a response that appropriately completes the request.\n\n"
TEMPLATES: Mapping[str, Template] = {
    "vicuna": Template(
        f"{_VICUNA}{{instruction}} ASSISTANT:",
        f"{_VICUNA}{{instruction}}\nInput:\n{{input}} ASSISTANT:",
    ),
    "wiz": Template("{instruction}\n\n### Response:", "{instruction}\n{input}\n\n### Response:"),
    "alpaca": Template(
        f"{_ALPACA}. {_RESPOND}### Instruction:\n{{instruction}}\n\n### Response:",
        f"{_ALPACA}, paired with an input that provides further context. {_RESPOND}"
        "### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:",
    ),
    "plain": Template("{instruction}\n", "{instruction}\n{input}\n"),
}
"""By their name: FastChat's, WizardLM's, Stanford Alpaca's, and Superfiltering's (2402.00530)."""
CHAT = "chat"
"""Names the template of the model's own tokenizer."""
