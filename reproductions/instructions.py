"""Short instructions whose right answers a program knows, and the ways in which such data go wrong.

    What is the plural of "box"?           The plural of "box" is "boxes".
    Convert 3 kilometres to metres.        3 kilometres are 3000 metres.

A dozen families in several wordings each. An answer is right if it says what has to be said
(`Pair.key`), however it is worded: so a teacher's answer can be checked, too.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ponder.tasks import InstructionTask

PLURALS = {
    "box": "boxes", "child": "children", "mouse": "mice", "leaf": "leaves", "city": "cities",
    "bus": "buses", "woman": "women", "tooth": "teeth", "wolf": "wolves", "baby": "babies",
    "dish": "dishes", "foot": "feet", "knife": "knives", "story": "stories",
}  # fmt: skip
PASTS = {
    "go": "went", "see": "saw", "take": "took", "write": "wrote", "eat": "ate", "run": "ran",
    "give": "gave", "come": "came", "find": "found", "think": "thought", "bring": "brought",
    "buy": "bought", "make": "made", "know": "knew",
}  # fmt: skip
OPPOSITES = {
    "hot": "cold", "big": "small", "up": "down", "fast": "slow", "light": "dark", "old": "young",
    "rich": "poor", "happy": "sad", "early": "late", "open": "closed", "full": "empty",
    "strong": "weak", "wet": "dry", "high": "low",
}  # fmt: skip
CAPITALS = {
    "France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Germany": "Berlin", "Japan": "Tokyo",
    "China": "Beijing", "Russia": "Moscow", "Egypt": "Cairo", "Greece": "Athens",
    "Canada": "Ottawa", "Norway": "Oslo", "Poland": "Warsaw", "Austria": "Vienna",
    "Cuba": "Havana",
}  # fmt: skip
KINDS = {
    "animal": ("horse", "tiger", "eagle", "shark", "rabbit", "cow", "lion", "frog"),
    "fruit": ("apple", "banana", "grape", "peach", "lemon", "cherry", "mango", "plum"),
    "colour": ("red", "green", "blue", "yellow", "purple", "black", "white", "brown"),
    "tool": ("hammer", "saw", "drill", "wrench", "spade", "axe", "chisel", "rake"),
}
UNITS = {
    ("kilometres", "metres"): 1000, ("metres", "centimetres"): 100, ("hours", "minutes"): 60,
    ("kilograms", "grams"): 1000, ("minutes", "seconds"): 60, ("days", "hours"): 24,
    ("weeks", "days"): 7, ("years", "months"): 12,
}  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NAMES = ("Anna", "Ben", "Carla", "David", "Emma", "Frank", "Grace", "Henry", "Ida", "Jack")
THINGS = ("apples", "books", "pens", "coins", "eggs", "cards", "stamps", "balls")
WORDS = tuple(word for kind in KINDS.values() for word in kind)
CODE = {
    "the sum of the list xs": "sum(xs)", "the length of the list xs": "len(xs)",
    "the largest item of the list xs": "max(xs)", "the smallest item of the list xs": "min(xs)",
    "the first item of the list xs": "xs[0]", "the last item of the list xs": "xs[-1]",
    "the list xs sorted": "sorted(xs)", "the string s in upper case": "s.upper()",
    "the string s in lower case": "s.lower()", "the words of the string s": "s.split()",
    "the string s reversed": "s[::-1]", "the absolute value of x": "abs(x)",
    "x to the power of two": "x ** 2", "the remainder of x divided by two": "x % 2",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """An instruction and an answer to it."""

    family: str
    instruction: str
    answer: str
    key: str
    """What a right answer says."""
    vague: str
    """The instruction, without what one has to know."""
    noise: str = "none"
    """What is wrong with it."""

    def right(self, answer: str) -> bool:
        """Whether an answer says it, in whole words. What else it says is not looked at."""
        written = self.key if self.key.isupper() else self.key.lower()
        said = answer if self.key.isupper() else answer.lower()
        return re.search(rf"(?<![\w.]){re.escape(written)}(?!\w)", said) is not None


Drawn = tuple[Sequence[str], str, str, str]
"""Wordings of an instruction, the answer, what it has to say, and the instruction made vague."""


def _plural(numbers: random.Random) -> Drawn:
    one, many = numbers.choice(list(PLURALS.items()))
    asked = (
        f'What is the plural of "{one}"?',
        f'Write the plural of "{one}".',
        f'Give the plural form of the noun "{one}".',
    )
    return asked, f'The plural of "{one}" is "{many}".', many, f"Say what {one} is."


def _past(numbers: random.Random) -> Drawn:
    now, then = numbers.choice(list(PASTS.items()))
    asked = (
        f'What is the past tense of "{now}"?',
        f'Write the past tense of "{now}".',
        f'Put the verb "{now}" into the past tense.',
    )
    return asked, f'The past tense of "{now}" is "{then}".', then, f"Do something with {now}."


def _opposite(numbers: random.Random) -> Drawn:
    one, other = numbers.choice(list(OPPOSITES.items()))
    asked = (
        f'What is the opposite of "{one}"?',
        f'Name the opposite of "{one}".',
        f'Give a word that means the opposite of "{one}".',
    )
    return asked, f'The opposite of "{one}" is "{other}".', other, f"Write about {one}."


def _capital(numbers: random.Random) -> Drawn:
    country, city = numbers.choice(list(CAPITALS.items()))
    asked = (
        f"What is the capital of {country}?",
        f"Name the capital of {country}.",
        f"Which city is the capital of {country}?",
    )
    return asked, f"The capital of {country} is {city}.", city, f"Tell me about {country}."


def _kind(numbers: random.Random) -> Drawn:
    kind = numbers.choice(list(KINDS))
    thing = numbers.choice(KINDS[kind])
    asked = (
        f'Is "{thing}" an animal, a fruit, a colour or a tool?',
        f'Say whether "{thing}" is an animal, a fruit, a colour or a tool.',
        f'Classify the word "{thing}" as animal, fruit, colour or tool.',
    )
    article = "an" if kind == "animal" else "a"
    return asked, f'The word "{thing}" is {article} {kind}.', kind, f"What about {thing}?"


def _units(numbers: random.Random) -> Drawn:
    (big, small), factor = numbers.choice(list(UNITS.items()))
    count = numbers.randint(2, 9)
    asked = (
        f"Convert {count} {big} to {small}.",
        f"How many {small} are {count} {big}?",
        f"Express {count} {big} in {small}.",
    )
    found = f"{count * factor}"
    return asked, f"{count} {big} are {found} {small}.", found, f"Convert {count} {big}."


def _more(numbers: random.Random) -> Drawn:
    name, thing = numbers.choice(NAMES), numbers.choice(THINGS)
    had, got = numbers.randint(2, 20), numbers.randint(2, 9)
    asked = (
        f"{name} has {had} {thing} and gets {got} more. How many {thing} does {name} have?",
        f"If {name} has {had} {thing} and buys {got} more, how many are there in all?",
        f"{name} had {had} {thing}, then found {got} more. Count the {thing}.",
    )
    found = f"{had + got}"
    return asked, f"{name} has {found} {thing}.", found, f"{name} has {thing}. How many?"


def _fewer(numbers: random.Random) -> Drawn:
    name, thing = numbers.choice(NAMES), numbers.choice(THINGS)
    lost = numbers.randint(2, 9)
    left = numbers.randint(2, 15)
    asked = (
        f"{name} has {left + lost} {thing} and loses {lost}. How many {thing} are left?",
        f"If {name} has {left + lost} {thing} and sells {lost}, how many remain?",
        f"{name} had {left + lost} {thing} and gave away {lost}. Count what is left.",
    )
    return asked, f"{name} has {left} {thing} left.", f"{left}", f"{name} loses some {thing}."


def _sorted(numbers: random.Random) -> Drawn:
    words = numbers.sample(WORDS, 3)
    shown, found = ", ".join(words), ", ".join(sorted(words))
    asked = (
        f"Sort these words alphabetically: {shown}.",
        f"Put the words {shown} in alphabetical order.",
        f"Arrange in alphabetical order: {shown}.",
    )
    return asked, f"In alphabetical order: {found}.", found, f"Arrange {shown}."


def _longest(numbers: random.Random) -> Drawn:
    words = numbers.sample(WORDS, 3)
    while sorted(map(len, words))[-2:] == [max(map(len, words))] * 2:
        words = numbers.sample(WORDS, 3)
    shown, found = ", ".join(words), max(words, key=len)
    asked = (
        f"Which of these words is the longest: {shown}?",
        f"Find the longest word: {shown}.",
        f"Name the word with the most letters among {shown}.",
    )
    return asked, f'The longest word is "{found}".', found, f"Pick one of {shown}."


def _upper(numbers: random.Random) -> Drawn:
    words = numbers.sample(WORDS, 2)
    shown = " ".join(words)
    asked = (
        f'Write "{shown}" in capital letters.',
        f'Convert "{shown}" to upper case.',
        f'Capitalise every letter of "{shown}".',
    )
    return asked, f'In capital letters: "{shown.upper()}".', shown.upper(), f"Change {shown}."


def _next(numbers: random.Random) -> Drawn:
    one = numbers.randint(10, 99)
    asked = (
        f"Which number comes after {one}?",
        f"Name the number that follows {one}.",
        f"Count one on from {one}.",
    )
    found = f"{one + 1}"
    return asked, f"The number after {one} is {found}.", found, f"Look at {one}."


def _day(numbers: random.Random) -> Drawn:
    at = numbers.randrange(7)
    day, after = DAYS[at], DAYS[(at + 1) % 7]
    asked = (
        f"Which day comes after {day}?",
        f"Name the day that follows {day}.",
        f"If today is {day}, what day is tomorrow?",
    )
    return asked, f"The day after {day} is {after}.", after, f"What about {day}?"


def _code(numbers: random.Random) -> Drawn:
    what, found = numbers.choice(list(CODE.items()))
    asked = (
        f"Write a Python expression for {what}.",
        f"How do you get {what} in Python?",
        f"In Python, what gives {what}?",
    )
    return asked, f"In Python, {what} is `{found}`.", found, f"Write code with {what[4:]}."


FAMILIES: Mapping[str, Callable[[random.Random], Drawn]] = {
    "plural": _plural,
    "past tense": _past,
    "opposite": _opposite,
    "capital": _capital,
    "kind": _kind,
    "units": _units,
    "more": _more,
    "fewer": _fewer,
    "sorted": _sorted,
    "longest": _longest,
    "upper case": _upper,
    "next number": _next,
    "day": _day,
    "code": _code,
}


def draw(numbers: random.Random, family: str | None = None) -> Pair:
    """A clean pair, at random."""
    family = family or numbers.choice(list(FAMILIES))
    asked, answer, key, vague = FAMILIES[family](numbers)
    return Pair(family, numbers.choice(asked), answer, key, vague)


def pairs(seed: str) -> Iterator[Pair]:
    """Clean pairs without end, no instruction twice, each family in its turn."""
    numbers = random.Random(f"pairs/{seed}")
    seen: set[str] = set()
    while True:
        for family in FAMILIES:
            one = draw(numbers, family)
            tries = 0
            while one.instruction in seen and tries < 50:
                one, tries = draw(numbers, family), tries + 1
            if one.instruction not in seen:
                seen.add(one.instruction)
                yield one


# --- what goes wrong ------------------------------------------------------------------------------

NOISE: Mapping[str, float] = {
    "wrong answer": 0.15,
    "answer of another": 0.15,
    "cut off": 0.1,
    "vague instruction": 0.1,
    "rambling": 0.1,
}
"""The share of each kind; the rest is clean."""
CHATTER = (
    "That is a good question and there is a lot to say about it.",
    "Many people ask this, and it depends on what is meant.",
    "I am not sure, but it can surely be looked up somewhere.",
    "It is important to think about this in a careful way.",
)


def noisy(seed: str, count: int) -> list[Pair]:
    """So many pairs, of which `NOISE` says how many have what wrong with them."""
    numbers = random.Random(f"noise/{seed}")
    kinds = [kind for kind, share in NOISE.items() for _ in range(round(share * count))]
    kinds += ["none"] * (count - len(kinds))
    numbers.shuffle(kinds)
    return [spoilt(one, kind, numbers) for kind, one in zip(kinds, pairs(seed), strict=False)]


def spoilt(one: Pair, kind: str, numbers: random.Random) -> Pair:
    """The pair with that kind of noise."""
    match kind:
        case "wrong answer":
            return replace(one, answer=wrong(one, numbers), noise=kind)
        case "answer of another":
            family = numbers.choice([name for name in FAMILIES if name != one.family])
            return replace(one, answer=draw(numbers, family).answer, noise=kind)
        case "cut off":
            words = one.answer.split()
            return replace(one, answer=" ".join(words[: len(words) // 2]), noise=kind)
        case "vague instruction":
            return replace(one, instruction=one.vague, noise=kind)
        case "rambling":
            return replace(one, answer=" ".join(numbers.sample(CHATTER, 2)), noise=kind)
    return one


def wrong(one: Pair, numbers: random.Random) -> str:
    """The answer with something else in place of what it has to say."""
    other = one.key
    while other == one.key:
        other = _other(one, numbers)
    return one.answer.replace(one.key, other)


def _other(one: Pair, numbers: random.Random) -> str:
    if one.key.isdigit():
        return str(max(1, int(one.key) + numbers.choice((-10, -2, -1, 1, 2, 10))))
    if ", " in one.key:
        return ", ".join(numbers.sample(one.key.split(", "), 3))
    return draw(numbers, one.family).key


def task(one: Pair, id: str) -> InstructionTask:
    """As ponder's graphs are given it."""
    return InstructionTask(id, one.instruction, one.answer)
