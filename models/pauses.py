"""What a model's pauses are: "Think before you speak" (2310.02226). Imports nothing heavy.

A folder that was fitted with pauses holds them in pauses.json, beside config.json.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote

from ..errors import InputError

PAUSE = "<|pause|>"
"""What the token is called, where a model is given one."""
FILE = "pauses.json"
MOST = 10_000
"""Pauses that may be asked for."""


@dataclass(frozen=True, slots=True)
class PauseConfig:
    """A model's pause token, and how it was fitted to use it."""

    token: str
    id: int
    """The token's number in the vocabulary."""
    count: int
    """M: how many follow a prompt, before the answer (M_ft, and so M_inf)."""
    prefix_lm: bool = False
    """Whether prompt and pauses see each other both ways, as in the paper (figure 1)."""


def write_pauses(folder: Path, config: PauseConfig) -> None:
    """Put them into a model's folder."""
    part = folder / f"{FILE}.part"
    part.write_text(json.dumps(asdict(config), indent=2) + "\n")
    part.replace(folder / FILE)


def read_pauses(folder: Path) -> PauseConfig | None:
    """Those of a model's folder; None if it was fitted without.

    Raises:
        InputError: its file is not what it should be.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    kinds = {"token": str, "id": int, "count": int, "prefix_lm": bool}
    try:
        held = json.loads(path.read_text())
        sound = set(held) == set(kinds) and all(type(held[n]) is kind for n, kind in kinds.items())
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    if not sound or held["id"] < 0 or held["count"] < 0:
        raise InputError(f"{path}: must hold token, id, count and prefix_lm, as ponder writes them")
    return PauseConfig(**held)


# --- in a model's name -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PausesWanted:
    """What a name asks for, as in transformers/FOLDER?pauses=10."""

    count: int | None = None
    """M_inf; as many as the model was fitted with if None."""
    token: str | None = None
    """Another token to pause with, such as "."; it stays one that is spoken."""
    prefix_lm: bool | None = None
    """Whether prompt and pauses see each other both ways; as it was fitted if None."""


def split_name(name: str) -> tuple[str, PausesWanted]:
    """A model's name without what it says of pauses, and that.

    Raises:
        InputError: it says something else, or what cannot be.
    """
    plain, mark, query = name.partition("?")
    if not mark:
        return name, PausesWanted()
    found: dict[str, str] = {}
    for part in query.split("&"):
        key, equals, value = part.partition("=")
        if key not in ("pauses", "pause", "prefix_lm") or not equals or key in found:
            raise InputError(
                f"model {name}: {part!r} must be one of pauses=COUNT, pause=TOKEN, prefix_lm=yes|no"
            )
        found[key] = unquote(value)
    return plain, PausesWanted(
        _count(name, found["pauses"]) if "pauses" in found else None,
        found.get("pause"),
        _yes(name, found["prefix_lm"]) if "prefix_lm" in found else None,
    )


def _count(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 6 and int(value) <= MOST):
        raise InputError(f"model {name}: pauses={value} must be a whole number from 0 to {MOST}")
    return int(value)


def _yes(name: str, value: str) -> bool:
    if value not in ("yes", "no"):
        raise InputError(f"model {name}: prefix_lm={value} must be yes or no")
    return value == "yes"
