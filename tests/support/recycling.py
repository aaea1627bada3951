"""A teacher behind a server, and pairs for it."""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.support.server import Body, Reply, ok
from tests.verifiers.ifd.official import WORDS


def rows(count: int) -> list[dict[str, str]]:
    """Alpaca's rows, all different."""
    rng = random.Random(7)
    return [
        {
            "instruction": f"{' '.join(rng.choices(WORDS, k=5))} {number}",
            "input": "red tree" if number % 4 == 0 else "",
            "output": " ".join(rng.choices(WORDS, k=6)),
        }
        for number in range(count)
    ]


def written(path: Path, data: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in data))
    return path


def teaching(body: Body, count: int) -> Reply:
    """What a teacher says, which hangs on what it is asked alone: in a part of cases nothing that
    can be read. What it answers names what it was asked about, so that a pair shows if it is one.
    """
    asked = body["messages"][1]["content"]
    seed = hashlib.sha256(json.dumps(body["messages"]).encode()).hexdigest()
    rng = random.Random(seed)
    if rng.random() < 0.15:
        return ok(rng.choice(["", "no", "[New Instruction] half of"]))
    said = " ".join(rng.choices(WORDS, k=rng.randint(2, 9)))
    if "better answer" in asked:
        about = asked.partition("[Instruction]\n")[2].partition("\n")[0]
        return ok(f"Thin. [Better Answer] better {said} for {digest(about)} [End]")
    return ok(
        f"Vague. [New Instruction] new {seed[:6]} {said} [End] [New Answer] to {seed[:6]} [End]"
    )


def slowly(body: Body, count: int) -> Reply:
    """The same after a while that depends on what is asked."""
    wait = random.Random(json.dumps(body)).uniform(0.02, 0.2)
    return replace(teaching(body, count), wait=wait)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def matched(pair: Mapping[str, str], data: Sequence[Mapping[str, str]]) -> bool:
    """Whether instruction and answer belong together: of the data, of one reply of the teacher, or
    an answer that was given to that instruction."""
    instruction, output = pair["instruction"], pair["output"]
    if output.startswith("better "):
        return output.endswith(f" for {digest(instruction)}")
    if output.startswith("to "):
        return instruction.startswith(f"new {output.removeprefix('to ')} ")
    return any(
        (row["instruction"], row["input"], row["output"]) == (instruction, pair["input"], output)
        for row in data
    )
