"""How many characters have to be changed to make one text of another (Levenshtein)."""

from collections import Counter
from collections.abc import Sequence


def edit_distance(one: str, other: str) -> int:
    """The least number of insertions, deletions and substitutions of characters.

    Myers' bit-parallel algorithm (J. ACM 46(3), 1999, in the form of Hyyrö, 2003): a column of the
    table is two integers of len(one) bits, so texts of 1,500 characters take about 2 ms.
    """
    one, other = _apart(one, other)
    if not one or not other:
        return len(one) + len(other)
    full, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    places: dict[str, int] = {}
    for place, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << place
    up, down, distance = full, 0, len(one)  # where the column rises by 1, and where it falls
    for character in other:
        same = places.get(character, 0)
        diagonal = (((same & up) + up) ^ up) | same | down
        rises, falls = down | (full & ~(diagonal | up)), up & diagonal
        distance += bool(rises & last) - bool(falls & last)
        rises, falls = (rises << 1) | 1, falls << 1
        crossed = same | down
        up, down = full & (falls | ~(crossed | rises)), full & rises & crossed
    return distance


def nearest(text: str, others: Sequence[str]) -> int:
    """The place of the text that is nearest to `text`, the first of equals.

    What cannot be nearer than the nearest so far, by lengths and letters alone, is not compared.

    Raises:
        ValueError: there are none.
    """
    letters = Counter(text)
    least = [(_at_least(text, letters, other), place) for place, other in enumerate(others)]
    best: tuple[int, int] | None = None
    for bound, place in sorted(least):
        if best is None or (bound, place) < best:
            found = (edit_distance(text, others[place]), place)
            best = found if best is None else min(best, found)
    if best is None:
        raise ValueError("there is nothing to be near to")
    return best[1]


def _at_least(text: str, letters: Counter[str], other: str) -> int:
    """A bound that takes no table: each edit mends one letter that is too many, and one that is
    missing."""
    theirs = Counter(other)
    return max((letters - theirs).total(), (theirs - letters).total(), abs(len(text) - len(other)))


def _apart(one: str, other: str) -> tuple[str, str]:
    """Both without what they begin and end with together."""
    shorter = min(len(one), len(other))
    begin = next((n for n in range(shorter) if one[n] != other[n]), shorter)
    one, other = one[begin:], other[begin:]
    shorter = min(len(one), len(other))
    end = next((n for n in range(shorter) if one[-1 - n] != other[-1 - n]), shorter)
    return one[: len(one) - end], other[: len(other) - end]
