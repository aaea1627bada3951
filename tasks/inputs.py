"""More inputs for a task, by changing its public ones a little.

Used to tell candidates apart by what they compute. Nothing is known of what is right for these
inputs, or even that they are allowed: only whether two programs agree on them.
"""

import random
import re
from typing import Any

from .code_task import CodeTask
from .values import encode

NUMBER = re.compile(r"-?\d+")


def generate_inputs(task: CodeTask, count: int, seed: int) -> list[Any]:
    """Up to `count` new inputs, all different and none public; the same for the same seed.

    Types and the number of arguments are kept. Fewer (or none) where there is little to change.
    """
    sources = [test.input for test in task.public_tests]
    if not sources:
        return []
    rng = random.Random(seed)
    change = _change_arguments if task.mode == "call" else _change_stdin
    known = {encode(source) for source in sources}
    found: list[Any] = []
    for _ in range(count * 10):
        if len(found) == count:
            break
        new = change(rng.choice(sources), rng)
        shown = encode(new)
        if shown not in known:
            known.add(shown)
            found.append(new)
    return found


def _change_arguments(arguments: tuple[Any, ...], rng: random.Random) -> tuple[Any, ...]:
    if not arguments:
        return arguments
    chosen = rng.randrange(len(arguments))
    return tuple(
        _change(value, rng) if i == chosen or rng.random() < 0.3 else value
        for i, value in enumerate(arguments)
    )


def _change(value: Any, rng: random.Random) -> Any:
    if isinstance(value, bool):
        return rng.random() < 0.5
    if isinstance(value, int):
        return rng.choice((value + 1, value - 1, value * 2, -value, 0, 1, rng.randint(-20, 100)))
    if isinstance(value, float):
        return rng.choice((value + 1.0, value / 2, -value, 0.0))
    if isinstance(value, str):
        return "".join(_change_items(list(value), rng))
    if isinstance(value, list | tuple):
        return type(value)(_change_items(list(value), rng))
    if isinstance(value, set | frozenset):
        return type(value)(_change_items(sorted(value, key=repr), rng))
    if type(value) is dict:
        return {
            key: _change(item, rng) if rng.random() < 0.5 else item for key, item in value.items()
        }
    return value


def _change_items(items: list[Any], rng: random.Random) -> list[Any]:
    """Drop, double, swap, reverse, sort of shuffle, or change one inside."""
    if not items:
        return items
    at = rng.randrange(len(items))
    match rng.randrange(6):
        case 0:
            return items[:at] + items[at + 1 :]
        case 1:
            return items[:at] + [items[at]] + items[at:]
        case 2:
            return items[::-1]
        case 3:
            return rng.sample(items, len(items))
        case 4:
            return items[at:]
        case _:
            # A character becomes another of the same text; anything else changes in its own way.
            one = rng.choice(items) if isinstance(items[at], str) and len(items[at]) == 1 else None
            return items[:at] + [one or _change(items[at], rng)] + items[at + 1 :]


def _change_stdin(text: str, rng: random.Random) -> str:
    """Another number in place of one, never of the first: that is often a count of what follows."""
    numbers = list(NUMBER.finditer(text))[1:]
    if not numbers:
        return text
    chosen = rng.choice(numbers)
    value = int(chosen[0][:18])
    new = rng.choice([value + 1, max(0, value - 1), value * 2, rng.randint(0, 100)])
    return f"{text[: chosen.start()]}{new}{text[chosen.end() :]}"
