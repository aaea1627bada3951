"""What a local model's name points to: a folder, a GGUF file or an id on the hub."""

import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError, MissingError
from ..pauses import split_name
from ..weights import KNOWN, verified

HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")


@dataclass(frozen=True, slots=True)
class Source:
    """Where transformers finds a model."""

    name: str
    """As the user gave it, for messages."""
    place: str
    """A folder, or an id on the hub."""
    gguf: str | None = None
    """A GGUF file in that folder."""

    @property
    def on_hub(self) -> bool:
        """Whether it is an id rather than a folder."""
        return not Path(self.place).is_dir()

    @property
    def arguments(self) -> dict[str, Any]:
        """What each `from_pretrained` is given with the place."""
        return {"gguf_file": self.gguf} if self.gguf else {}


def find(name: str) -> Source:
    """The source of `name`, with or without "transformers/" before it, and without what it says of
    pauses (pauses.py). Looks at the disk only.

    Raises:
        InputError: there is no such folder or file, and it can be no id on the hub.
        MissingError: it is one of our known weights, which are not here.
    """
    short = split_name(name)[0].removeprefix("transformers/")
    if short in KNOWN:
        return _file(name, verified(KNOWN[short]))
    path = Path(short).expanduser()
    if short.endswith(".gguf"):
        if not path.is_file():
            raise InputError(f"model {name}: there is no file {path}")
        return _file(name, path)
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise InputError(f"model {name}: the folder {path} has no config.json")
        return Source(name, str(path.resolve()))
    if short.startswith(("/", "~", "./", "../")) or not HUB_ID.fullmatch(short):
        raise InputError(
            f"model {name}: there is no folder {path}; name a folder, a .gguf file, an id on the "
            f"hub such as Qwen/Qwen2.5-0.5B-Instruct, or one of {', '.join(KNOWN)}"
        )
    return Source(name, short)


def _file(name: str, path: Path) -> Source:
    path = path.resolve()
    return Source(name, str(path.parent), path.name)


def require_torch() -> None:
    """Raises:
    MissingError: torch or transformers is not installed; says how to get them.
    """
    for library in ("torch", "transformers"):
        try:
            importlib.import_module(library)
        except ImportError:
            raise MissingError(
                f"models in this process need {library}: pip install 'ponder[local]'"
            ) from None
