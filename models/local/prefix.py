"""Prefixes that are read both ways, as numbers that no causal reading of the same tokens shares.

What a token of such a prefix is to the model depends on all of the prefix, so what was read of one
may be used again for the very same prefix alone (prefixes.py keeps it by its numbers). Hence a
token of it goes by a negative number, in which there is a digest of the whole prefix.
"""

import hashlib
from array import array
from collections.abc import Sequence
from itertools import takewhile

WIDE = 2**24
"""More than any vocabulary has tokens."""


def both_ways(ids: Sequence[int]) -> list[int]:
    """The numbers of a prefix's tokens."""
    digest = hashlib.blake2b(array("q", ids).tobytes(), digest_size=8).digest()
    salt = int.from_bytes(digest, "big")
    return [-1 - (id + WIDE * salt) for id in ids]


def tokens(numbers: Sequence[int]) -> list[int]:
    """The tokens that go by those numbers."""
    return [number if number >= 0 else (-1 - number) % WIDE for number in numbers]


def length(numbers: Sequence[int]) -> int:
    """How many of them, from the first on, are of a prefix that is read both ways."""
    return sum(1 for _ in takewhile(lambda number: number < 0, numbers))
