"""Rows of HumanEval+ and MBPP+ that are known to be bad, said beside a grade by them.

EvalPlus's own rules (tasks/oracles.py) decide in place of a hub row's test where that is wrong.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .code_task import Key

REPORTED = "this row of the hub has been reported wrong: evalplus issue 147"
NOTHING = "the hub's test of this task asserts nothing; EvalPlus's own rule is used"
EVALPLUS = {"Mbpp/164": "EvalPlus takes any answer to this task"}
HUB = {
    "HumanEval/32": "the hub's test of this task is wrong; EvalPlus's own rule is used",
    **dict.fromkeys(["Mbpp/143", "Mbpp/164", "Mbpp/229"], REPORTED),
    **dict.fromkeys(["Mbpp/737", "Mbpp/787", "Mbpp/794"], NOTHING),
}
"""Of the hub's versions alone: they have a `test` and no `base_input`."""


def with_errata(key: Key, row: Mapping[str, Any]) -> Key:
    """The key with what is known of its row added to its caveat."""
    hub = "" if "base_input" in row else HUB.get(key.task_id, "")
    said = (key.caveat, EVALPLUS.get(key.task_id, ""), hub)
    return replace(key, caveat="; ".join(text for text in said if text))
