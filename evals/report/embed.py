"""Data inside an HTML page, where no byte of it can be taken for markup."""

import base64
import gzip
import json
import math
from typing import Any


def inline(value: Any) -> str:
    """JSON for a `<script type="application/json">`: ASCII, without <, > and &."""
    text = _dump(value)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def packed(value: Any) -> str:
    """JSON, compressed, in base64: letters, digits, +, / and = alone."""
    return base64.b64encode(gzip.compress(_dump(value).encode(), 6, mtime=0)).decode()


def unpacked(text: str) -> Any:
    """The inverse of `packed`."""
    return json.loads(gzip.decompress(base64.b64decode(text)))


def _dump(value: Any) -> str:
    return json.dumps(_finite(value), separators=(",", ":"), allow_nan=False)


def _finite(value: Any) -> Any:
    """JSON has no word for what is infinite or no number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return value
