"""What was read once and need not be read again: a radix tree over token ids.

A node holds the keys, values and last hidden states of its own tokens only, so branches share their
trunk. The tree is the idea of RadixAttention (Zheng et al. 2024, "SGLang", section 3); ours keeps
the last hidden states too (a twentieth of the whole), so that a text that is known whole costs
nothing, whatever of it is asked for.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import torch


@dataclass(frozen=True, slots=True)
class Segment:
    """What the model made of some tokens in a row."""

    keys: torch.Tensor
    """[layers, tokens, heads, width of a key]"""
    values: torch.Tensor
    """[layers, tokens, heads, width of a value]"""
    states: torch.Tensor
    """[tokens, hidden]: after the final norm, in the model's dtype."""

    def part(self, begin: int, end: int) -> "Segment":
        """A copy of these tokens' own, which keeps nothing else in memory."""
        keys, values = self.keys[:, begin:end].clone(), self.values[:, begin:end].clone()
        return Segment(keys, values, self.states[begin:end].clone())


@dataclass(eq=False, slots=True)
class Node:
    """Some tokens in a row, after those of its parents."""

    ids: tuple[int, ...]
    segment: Segment | None
    parent: "Node | None"
    children: dict[int, "Node"] = field(default_factory=dict)
    """By their first token."""
    used: int = 0
    """When last; never later than its parent."""


Path = list[tuple[Node, int]]
"""Nodes from the root on, each with how many of its tokens are meant: all, but in the last. Holds
until something is added or trimmed."""


class Prefixes:
    """The tree. Not safe for threads: its owner takes turns (turns.py)."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        """Tokens that `trim` leaves at most."""
        self.tokens = 0
        self._root = Node((), None, None)
        self._clock = 0

    def find(self, ids: Sequence[int]) -> Path:
        """The longest beginning of `ids` that is known, and note that it was used."""
        self._clock += 1
        ids = tuple(ids)
        path: Path = []
        node, done = self._root, 0
        while done < len(ids) and (child := node.children.get(ids[done])) is not None:
            child.used = self._clock
            common = shared(child.ids, ids[done:])
            path.append((child, common))
            done += common
            if common < len(child.ids):
                break
            node = child
        return path

    def add(self, ids: Sequence[int], read: Callable[[int, int], Segment]) -> None:
        """Keep `ids`; `read(begin, end)` gives what the model made of those of them that are new,
        and is not called if none are. What it gives is kept as it is."""
        path = self.find(ids)
        done = length(path)
        if done == len(ids):
            return
        node = self._whole(path)
        new = Node(tuple(ids[done:]), read(done, len(ids)), node, used=self._clock)
        node.children[new.ids[0]] = new
        self.tokens += len(new.ids)

    def trim(self) -> None:
        """Drop what was not used for longest, ends of branches first, down to the budget."""
        if self.tokens <= self.budget:
            return
        order = ((n.used, id(n), n) for n in self._nodes() if not n.children)
        leaves = list(order)
        heapq.heapify(leaves)
        while self.tokens > self.budget and leaves:
            leaf = heapq.heappop(leaves)[-1]
            self.tokens -= len(leaf.ids)
            parent = leaf.parent
            if parent is None:
                continue
            del parent.children[leaf.ids[0]]
            if not parent.children and parent is not self._root:
                heapq.heappush(leaves, (parent.used, id(parent), parent))

    def clear(self) -> None:
        """Forget everything."""
        self._root.children.clear()
        self.tokens = 0

    def _whole(self, path: Path) -> Node:
        """The node that ends where the path does: its last is split in two if it goes on."""
        if not path:
            return self._root
        node, used = path[-1]
        if used == len(node.ids):
            return node
        assert node.parent is not None
        assert node.segment is not None
        front = Node(node.ids[:used], node.segment.part(0, used), node.parent, used=node.used)
        node.parent.children[node.ids[0]] = front
        node.segment = node.segment.part(used, len(node.ids))
        node.ids, node.parent = node.ids[used:], front
        front.children[node.ids[0]] = node
        return front

    def _nodes(self) -> Iterator[Node]:
        waiting = list(self._root.children.values())
        while waiting:
            node = waiting.pop()
            waiting.extend(node.children.values())
            yield node


def shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two sequences begin with in common."""
    if one[: len(other)] == other[: len(one)]:
        return min(len(one), len(other))
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def length(path: Path) -> int:
    """The tokens of a path."""
    return sum(used for _, used in path)


def states(path: Path, positions: Sequence[int]) -> torch.Tensor:
    """The last hidden states at `positions`, which the path must reach: [positions, hidden]."""
    parts = [node.segment.states[:used] for node, used in path if node.segment is not None]
    found = torch.cat(parts) if len(parts) > 1 else parts[0]
    return found[torch.as_tensor(positions, dtype=torch.long, device=found.device)]
