"""What a model wrote, made safe to show on a terminal."""

REPLACED = "\N{REPLACEMENT CHARACTER}"


def printable(text: str) -> str:
    """The text without control characters but newline and tab: an escape sequence would be obeyed
    by the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else REPLACED for c in text)
