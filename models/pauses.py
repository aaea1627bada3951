"""What a model's pauses are: "Think before you speak" (2310.02226). Imports nothing heavy.

A folder that was fitted with pauses holds them in pauses.json, beside config.json.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import InputError

PAUSE = "<|pause|>"
"""What the token is called, where a model is given one."""
FILE = "pauses.json"


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
