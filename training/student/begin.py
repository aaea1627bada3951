"""What the fit of a language model begins from."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...models.local import find
from ...models.pauses import PauseConfig, read_pauses
from .. import building
from .options import PretrainOptions, StudentOptions


@dataclass(frozen=True, slots=True)
class Begin:
    """A model; or a config and a tokenizer alone, for one whose weights begin at random."""

    base: str = ""
    """A folder, a GGUF file, an id on the hub, or one of our known weights."""
    config: Path | None = None
    """A config.json."""
    tokenizer: Path | None = None
    """The folder of one."""

    def __post_init__(self) -> None:
        if bool(self.base) == (self.config is not None):
            raise InputError("give --base, or --config with --tokenizer")
        if self.config is None:
            if self.tokenizer is not None:
                raise InputError("--tokenizer goes with --config: a model has its own")
            return
        if self.tokenizer is None or not self.tokenizer.is_dir():
            raise InputError("--config needs --tokenizer: the folder of one")
        if not self.config.is_file():
            raise InputError(f"there is no file {self.config}")

    @property
    def name(self) -> str:
        """What fit.json calls it: of a config, by what it holds, too."""
        if self.config is None:
            return self.base
        digest = hashlib.sha256(self.config.read_bytes()).hexdigest()[:12]
        return f"{self.config} ({digest}), {self.tokenizer}"

    def load(self, options: StudentOptions | PretrainOptions, *, cuda: bool) -> tuple[Any, Any]:
        """The model, as it is fitted but for LoRA, and its tokenizer.

        Raises:
            InputError: there is none, or the tokenizer is not the model's.
            MissingError: the hub is not reached.
        """
        if self.config is None:
            tokenizer = building.base_tokenizer(self.base, gguf=True)
            model = building.language_model(
                self.base, options, cuda=cuda, lora=False, gguf=True, dtype=options.dtype
            )
            return model, tokenizer
        tokenizer = building.base_tokenizer(str(self.tokenizer), bare=True)
        model = building.new_language_model(self.config, options)
        rows, tokens = len(model.get_input_embeddings().weight), len(tokenizer)
        if tokens > rows:
            raise InputError(f"{self.config}: vocab_size {rows} is less than {tokens} tokens")
        return model, tokenizer

    @property
    def pauses(self) -> PauseConfig | None:
        """The pause token that the model has, if it was fitted with one."""
        if self.config is not None:
            return None
        source = find(self.base)
        return None if source.on_hub or source.gguf else read_pauses(Path(source.place))
