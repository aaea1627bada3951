"""A scripted PlanSearch: a task, and a model that always has something of the right shape."""

import hashlib
import json
from collections.abc import Callable

from ponder.models import Message
from ponder.tasks import CodeTask, Test

TASK = CodeTask(
    "double",
    "Return twice the number.",
    entry_point="solve",
    public_tests=(Test((1,), 2), Test((4,), 8)),
)
Script = Callable[[list[Message], str, int], str]


def script(n1: int = 5, m: int = 4, code: str = "return 2 * x") -> Script:
    """Replies with `n1` observations at the root and `m` below it; all replies differ."""

    def reply(messages: list[Message], path: str, index: int) -> str:
        last = messages[-1]["content"]
        token = hashlib.sha256(f"{path}{index}".encode()).hexdigest()[:8]
        if "Python list of strings" in last or "JSON alone" in last:
            count = n1 if "/" not in path else m
            return json.dumps([f"Observation {i} of {token}" for i in range(count)])
        if "one fenced block" in last:
            return f"```python\ndef solve(x):\n    {code}  # {token}\n```"
        return f"Words {token}"

    return reply
