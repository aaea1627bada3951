"""What is asked: an instruction, with the answer that a data set has for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InstructionTask:
    """A pair of instruction data, to be made better. There is no key: its answer is no secret, but
    what a teacher starts from (2402.10110, section 3)."""

    id: str
    instruction: str
    output: str
    """The answer, as the data have it; may be empty."""
    input: str = ""
    """What the instruction is to be carried out on, where the data keep it apart (Alpaca)."""
