"""What the inputs of MBPP+ are besides lists: JSON has no tuples, sets or complex numbers, so
EvalPlus's loader restores them by task number (`mbpp_deserialize_inputs`). The same facts, as data.
"""

from collections.abc import Callable
from typing import Any

Arguments = list[Any]


def _tuples(value: Any, depth: int) -> Any:
    """`value` with the lists at that depth made tuples (0: itself)."""
    if not isinstance(value, list):
        return value
    return tuple(value) if depth == 0 else [_tuples(item, depth - 1) for item in value]


def _deep(value: Any) -> Any:
    return tuple(map(_deep, value)) if isinstance(value, list) else value


def _at(index: int, change: Callable[[Any], Any]) -> Callable[[Arguments], Arguments]:
    return lambda given: [change(v) if i == index else v for i, v in enumerate(given)]


def _each(change: Callable[[Any], Any]) -> Callable[[Arguments], Arguments]:
    return lambda given: list(map(change, given))


def _pairs(value: Any) -> Any:
    return tuple(_tuples(item, 0) for item in value) if isinstance(value, list) else value


RULES: list[tuple[Callable[[Arguments], Arguments], tuple[int, ...]]] = [
    # every argument is a tuple
    (
        _each(lambda value: _tuples(value, 0)),
        (2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596)
        + (616, 630, 726, 740, 744, 809),
    ),
    # every argument is a list of tuples
    (
        _each(lambda value: _tuples(value, 1)),
        (63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780),
    ),
    # the first is a list of tuples
    (_at(0, lambda value: _tuples(value, 1)), (75, 413, 444, 753)),
    # the second, or the first, is a tuple
    (_at(1, lambda value: _tuples(value, 0)), (106, 750)),
    (_at(0, lambda value: _tuples(value, 0)), (250, 307, 405, 446, 617, 720, 763, 808)),
    # the first is a list of sets; whatever else is an empty dict, as in EvalPlus
    (
        _at(0, lambda v: [set(item) if isinstance(item, list) and item else {} for item in v]),
        (115,),
    ),
    # numbers written as text
    (lambda given: [float(given[0]), complex(given[1])], (124,)),
    (_at(0, complex), (252,)),
    # every argument is a tuple of tuples (and in 278 of other things)
    (_each(_pairs), (259, 278, 401, 445)),
    # the first is a dict of tuples
    (_at(0, lambda value: {key: tuple(item) for key, item in value.items()}), (722,)),
    # tuples all the way down
    (_each(_deep), (580, 615, 791)),
]
BY_NUMBER = {number: rule for rule, numbers in RULES for number in numbers}


def typed_arguments(number: int, given: Arguments) -> tuple[Any, ...]:
    """An input's arguments with the types that the task of that number takes."""
    rule = BY_NUMBER.get(number)
    return tuple(rule(given) if rule else given)
