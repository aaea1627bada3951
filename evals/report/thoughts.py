"""A task's search as a page shows it: every thought with its text, prompt, verdict and cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...models.base import Usage
from ...models.store_reader import Asked, StoreReader
from ...nodes import Thought
from ...nodes.thought import verdict_from_json
from ...verifiers.base import Verdict
from ..results import Result, Sample
from .visible import cut, visible, visible_all

TEXT = 20_000
"""Characters of a text that are shown."""
REASON = 2_000
"""Characters of a reason or a fault that are shown."""


@dataclass(frozen=True, slots=True)
class Level:
    """How much of a search is shown: what a page has no room for is left out, and it says so."""

    name: str
    text: int = TEXT
    prompts: bool = True
    lineage_only: bool = False
    """Whether the chosen answer is shown alone, with what it came from."""


LEVELS = (
    Level("all"),
    Level("without prompts", prompts=False),
    Level("texts cut", 400, False),
    Level("chosen", 2_000, False, True),
)
"""From most to least."""


def search(result: Result, store: StoreReader | None, level: Level) -> dict[str, Any]:
    """A task's result and its thoughts: plain data, all texts made visible."""
    thoughts = read_thoughts(result.run, store) if store else {}
    shown = _lineage(result.chosen, thoughts) if level.lineage_only else thoughts
    prompts = Prompts(level.text)
    if store and level.prompts:
        prompts.read(store.asked(result.task), shown)
    begun = (store.record(result.run, "run") or {}) if store else {}
    return {
        "level": level.name,
        "all": len(thoughts),
        "task": _task(begun.get("task") or {}, level.text),
        "result": _result(result),
        "samples": {visible(one.id): _sample(one) for one in result.samples},
        "thoughts": [_thought(one, level, prompts) for one in shown.values()],
        "messages": prompts.messages,
    }


def read_thoughts(run: str, store: StoreReader) -> dict[str, Thought]:
    """The thoughts of a run with their verdicts, by id, in the order they were recorded."""
    thoughts = {id: Thought.from_json(data) for id, data in store.records(run, "thought")}
    verdicts: dict[str, Verdict] = {}
    for kind in ("unjudged", "verdict"):
        verdicts |= {id: verdict_from_json(data) for id, data in store.records(run, kind)}
    return {id: _judged(one, verdicts.get(id)) for id, one in thoughts.items()}


class Prompts:
    """What the thoughts of a task were asked by; messages that many share are kept once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.messages: list[list[Any]] = []
        """[role, content, characters left out], each."""
        self._known: dict[tuple[str, str], int] = {}
        self._of: dict[str, tuple[int, dict[str, Any]]] = {}

    def read(self, calls: Iterable[Asked], thoughts: Mapping[str, Thought]) -> None:
        """Take in the calls of a task: a thought's prompt is that of its last answered try."""
        for call in calls:
            id, _, number = call.path.partition("~")
            thought, tries = thoughts.get(id), int(number) if number.isdigit() else 1
            if thought is None or tries < self._of.get(id, (0, {}))[0]:
                continue
            messages = [self._keep(one) for one in call.request.get("messages", [])]
            prefix = len(call.request.get("prefix") or "")
            asked = {
                "m": messages,
                "model": visible(call.model),
                "prefix": prefix,
                "temperature": call.request.get("temperature"),
            }
            self._of[id] = (tries, asked)

    def of(self, id: str) -> dict[str, Any] | None:
        """What the thought of that id was asked by; None where it has no call of its own."""
        return self._of[id][1] if id in self._of else None

    def _keep(self, message: Mapping[str, Any]) -> int:
        role, content = str(message.get("role")), message.get("content")
        text = content if isinstance(content, str) else str(content)
        if (role, text) not in self._known:
            self._known[role, text] = len(self.messages)
            self.messages.append([visible(role), *cut(text, self.most)])
        return self._known[role, text]


def _judged(thought: Thought, verdict: Verdict | None) -> Thought:
    if verdict is None or thought.verdict is not None:
        return thought
    return Thought(
        thought.id, thought.kind, thought.text, thought.parents, verdict, thought.usage,
        thought.faults, thought.failure,
    )  # fmt: skip


def _lineage(id: str | None, thoughts: Mapping[str, Thought]) -> dict[str, Thought]:
    """The thought of that id and all it came from, by any parent."""
    found: set[str] = set()
    wanted = [id] if id is not None else []
    while wanted:
        one = wanted.pop()
        if one in thoughts and one not in found:
            found.add(one)
            wanted += thoughts[one].parents
    return {one: thought for one, thought in thoughts.items() if one in found}


def _thought(thought: Thought, level: Level, prompts: Prompts) -> dict[str, Any]:
    """Fields that say nothing are left out: a page has thousands of these."""
    text, left_out = cut(thought.text, level.text)
    verdict = thought.verdict
    fields: dict[str, Any] = {
        "i": visible(thought.id),
        "k": visible(thought.kind),
        "t": text,
        "cut": left_out,
        "p": [visible(one) for one in thought.parents],
        "v": verdict and _verdict(verdict),
        "u": _usage(thought.usage),
        "f": [cut(one, REASON)[0] for one in thought.faults],
        "x": thought.failure and cut(thought.failure, REASON)[0],
        "q": prompts.of(thought.id),
    }
    return {name: value for name, value in fields.items() if value or name in ("i", "k")}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "score": verdict.score,
        "passed": verdict.passed,
        "reason": cut(verdict.reason, REASON)[0],
        "steps": list(verdict.steps),
        "u": _usage(verdict.usage),
    }


def _usage(usage: Usage) -> list[Any] | None:
    """[calls, prompt tokens, completion tokens, US dollars, seconds]; None for nothing."""
    if not usage.calls and not usage.tokens:
        return None
    parts = (usage.calls, usage.prompt_tokens, usage.completion_tokens)
    return [*parts, usage.cost, round(usage.seconds, 3)]


def _sample(sample: Sample) -> list[Any]:
    """[public, score, passed, base, reason]."""
    reason = cut(sample.reason, REASON)[0]
    return [sample.public, sample.score, sample.passed, sample.base, reason]


def _task(data: Mapping[str, Any], most: int) -> dict[str, Any]:
    words, left_out = cut(str(data.get("statement") or data.get("question") or ""), most)
    return {
        "statement": words,
        "cut": left_out,
        "starter_code": cut(str(data.get("starter_code") or ""), most)[0],
        "entry_point": visible(str(data.get("entry_point") or "")),
        "public_tests": len(data.get("public_tests") or ()),
    }


def _result(result: Result) -> dict[str, Any]:
    names: Sequence[str] = (
        "chosen", "final", "solved", "missing", "drawn", "right", "thoughts", "faults", "stopped",
        "seconds", "caveat", "error", "worker",
    )  # fmt: skip
    fields = {name: _short(getattr(result, name)) for name in names}
    kinds = {kind: _usage(usage) for kind, usage in result.usage_by_kind.items()}
    shown: dict[str, Any] = visible_all({**fields, "usage": _usage(result.usage), "kinds": kinds})
    return shown


def _short(value: Any) -> Any:
    """A text of a result, or the names of its faults, no longer than a reason may be."""
    if isinstance(value, Mapping):
        return {str(name)[:REASON]: one for name, one in value.items()}
    return value[:REASON] if isinstance(value, str) else value
