"""A pickle that holds one text, read without `pickle`.

LiveCodeBench packs its private tests so. A pickle is a program: it can import, call and allocate
whatever it names. All that a text needs of it is the few opcodes below (pickletools.py describes
them; protocols 0 to 5), so these are all there is, and nothing is built but that text.
"""

SKIPPED = {b"\x80": 1, b"\x95": 8, b"q": 1, b"r": 4, b"\x94": 0}
"""PROTO, FRAME, BINPUT, LONG_BINPUT and MEMOIZE, and how many bytes follow each."""
SIZED = {b"\x8c": 1, b"X": 4, b"\x8d": 8}
"""SHORT_BINUNICODE, BINUNICODE and BINUNICODE8, and in how many bytes each says its length."""


def pickled_text(data: bytes | bytearray) -> str:
    """The text in a pickle.

    Raises:
        ValueError: it holds anything else, or is cut off.
    """
    view, at, text = memoryview(data), 0, None
    while at < len(view):
        opcode = bytes(view[at : at + 1])
        at += 1
        if opcode == b"." and text is not None and at == len(view):
            return text
        if opcode in SKIPPED:
            at += SKIPPED[opcode]
        elif opcode in b"Vp":  # UNICODE and PUT, of protocol 0: to the end of the line
            end = data.find(b"\n", at)
            if opcode == b"V" and text is None and end >= 0:
                text = str(view[at:end], "raw-unicode-escape")
            at = end + 1 if end >= 0 else len(view)
        elif opcode in SIZED and text is None:
            start = at + SIZED[opcode]
            at = start + int.from_bytes(view[at:start], "little")
            text = str(view[start:at], "utf-8", "surrogatepass")
        else:
            raise ValueError(f"a pickle that holds more than a text (opcode {opcode!r})")
    raise ValueError("a pickle that is cut off")
