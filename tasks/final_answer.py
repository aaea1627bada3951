"""The final answer in a worked solution, wherever the usual conventions put it.

Everything here takes time that is linear in the text, whatever a model wrote.
"""

import re
from collections import deque
from collections.abc import Iterator

BOX = re.compile(r"\\(?:boxed|fbox)(?![A-Za-z])[ \t]*\n?[ \t]*(\{)?|\\.|[{}]", re.DOTALL)
"""A box (with its brace, where it has one), an escaped character, or a brace."""
EMPTY = re.compile(r"\\(?:boxed|fbox)\s*\{\s*\}")
BARE = re.compile(r"[^\s${}]*(?:\{[^{}\s$]*\}[^\s${}]*)*")
"""What an unbraced box holds: up to white space or the end of the formula."""
TAIL = re.compile(r"^# Answer:?[ \t]*$", re.MULTILINE)
HASHES = re.compile(r"^[ \t]*####(?!#)[ \t]*(\S.*)$", re.MULTILINE)
NUMERIC = re.compile(r"[-+]?(?:\\?[$€£])?[-+]?\.?\d", re.ASCII)
PHRASE = re.compile(r"\b(?:final|the) answer is\b", re.IGNORECASE)
SENTENCE = re.compile(r"[.!?](?=\s|$)")
NUMBER = re.compile(r"-?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)", re.ASCII)
FENCES = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"), ("**", "**"))
NESTED = 3
"""Boxes directly within a box that are opened."""
LONGEST_LINE = 10_000
"""Characters that are looked at after a phrase or a heading."""


def final_answer(solution: str, *, last_number: bool = False) -> str | None:
    """The answer that a solution ends in, or None if it has none (never "").

    In this order: the last \\boxed or \\fbox that is closed (of nested ones the outermost, and then
    what is in it); what follows the last line "# Answer" (PRM800K); the last "#### X" (GSM8K) that
    ends the text or begins with a number, so that headings are none; and what follows the last "the
    answer is" or "final answer is".

    `last_number` takes the last number of the text where all else fails, as huggingface's
    search-and-learn does. It is off by default: it makes an answer of whatever a solution that was
    cut off happens to end with.
    """
    for find in (_boxed, _headed, _hashed, _phrased):
        if answer := find(solution):
            return answer
    if last_number:
        numbers = NUMBER.findall(solution)
        return str(numbers[-1]) if numbers else None
    return None


def _boxed(text: str) -> str | None:
    if "\\boxed" not in text and "\\fbox" not in text:
        return None
    for start, end in reversed(_boxes(text)):
        if content := _unboxed(text[start:end].strip()):
            return content
    return None


def _unboxed(content: str) -> str:
    """What is in the box in the box…, where the content of a box is one box again."""
    for _ in range(NESTED):
        inner = _boxes(content) if content.startswith(("\\boxed{", "\\fbox{")) else []
        if not inner or inner[0][1] != len(content) - 1:
            break
        content = content[inner[0][0] : -1].strip()
    return content


def _boxes(text: str) -> list[tuple[int, int]]:
    """Where the content of each closed box starts and ends; of nested ones only the outermost."""
    found: list[tuple[int, int, int]] = []
    opened: list[tuple[int, int] | None] = []
    for match in BOX.finditer(text, min(_first(text))):
        mark = match[0]
        if mark == "{":
            opened.append(None)
        elif mark == "}":
            box = opened.pop() if opened else None
            if box:
                while found and found[-1][0] > box[0]:
                    found.pop()
                found.append((*box, match.start()))
        elif match[1]:
            opened.append((match.start(), match.end()))
        elif mark.startswith(("\\boxed", "\\fbox")):
            found.append((match.start(), match.end(), _bare_end(text, match.end())))
    return [(start, end) for _, start, end in found]


def _first(text: str) -> Iterator[int]:
    return (place for box in ("\\boxed", "\\fbox") if (place := text.find(box)) >= 0)


def _bare_end(text: str, start: int) -> int:
    """Where the content of an unbraced box ends, without the punctuation of its sentence."""
    bare = BARE.match(text, start, start + LONGEST_LINE)
    assert bare is not None
    return start + len(bare[0].rstrip(".,;:!?"))


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return next(iter(deque(pattern.finditer(text), maxlen=1)), None)


def _headed(text: str) -> str | None:
    """What follows the last "# Answer", to the next empty line."""
    last = _last(TAIL, text)
    if last is None:
        return None
    return _bare(text[last.end() :].lstrip()[:LONGEST_LINE].partition("\n\n")[0])


def _hashed(text: str) -> str | None:
    if "####" not in text:
        return None
    found, end = None, len(text.rstrip())
    for match in HASHES.finditer(text):
        if match.end() >= end or NUMERIC.match(match[1]):
            found = match[1]
    return _bare(found[:LONGEST_LINE]) if found else None


def _phrased(text: str) -> str | None:
    last = _last(PHRASE, text)
    if last is None:
        return None
    rest = text[last.end() : last.end() + LONGEST_LINE].lstrip(" \t\r\n:")
    for opening, closing in FENCES:
        if rest.startswith(opening):
            inside, fence, _ = rest[len(opening) :].partition(closing)
            if fence and inside.strip():
                return _bare(inside)
    sentence = SENTENCE.split(rest, maxsplit=1)[0].partition("\n")[0]
    return _bare(sentence)


def _bare(text: str) -> str | None:
    """Without the dollar signs, stars and full stop around it; None if nothing is left, or an empty
    box."""
    text = text.strip()
    if text.endswith(".") and not text.endswith("\\."):
        text = text[:-1].rstrip()
    for opening, closing in FENCES:
        inside = text[len(opening) : -len(closing)]
        if text.startswith(opening) and text.endswith(closing) and opening not in inside:
            text = inside.strip()
    return None if EMPTY.fullmatch(text) else text or None
