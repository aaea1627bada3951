"""How a model waits before it speaks (2310.02226, algorithm 3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import InputError
from ..pauses import FILE, PauseConfig, PausesWanted
from . import prefix
from .loading import Loaded
from .masks import FULL


@dataclass(frozen=True, slots=True)
class Pausing:
    """Pauses that follow a prompt. They are a part of it: read in one pass with it, and never put
    between the tokens of a reply."""

    pauses: tuple[int, ...] = ()
    prefix_lm: bool = False

    @classmethod
    def of(cls, name: str, wanted: PausesWanted, loaded: Loaded) -> "Pausing":
        """Those that are wanted of this model, or else those that it was fitted with.

        Raises:
            InputError: it has no pause token and none is named; what is named is not one token; or
                its layers cannot read a prefix both ways.
        """
        known = loaded.pauses
        count = wanted.count if wanted.count is not None else (known.count if known else 0)
        both = wanted.prefix_lm if wanted.prefix_lm is not None else bool(known and known.prefix_lm)
        if both and loaded.decoder.masks.kinds != {FULL}:
            raise InputError(f"model {name}: sliding windows cannot be read both ways (prefix_lm)")
        if wanted.token is None and known is None:
            if count or wanted.count is not None:
                raise InputError(
                    f"model {name}: it has no pause token: fit it with one (ponder train student "
                    "--pauses), or name one of its tokens (&pause=.)"
                )
            return cls((), both)
        if wanted.token is not None and wanted.count is None and known is None:
            raise InputError(f"model {name}: say how many pauses, too (pauses=COUNT)")
        if wanted.token is None:
            assert known is not None
            _refuse_other(name, known, loaded)
            id = known.id
        else:
            ids = loaded.tokenizer.encode(wanted.token, add_special_tokens=False, verbose=False)
            if len(ids) != 1:
                told = f"pause={wanted.token} is {len(ids)} tokens, not one"
                raise InputError(f"model {name}: {told}")
            [id] = ids
        return cls((id,) * count, both)

    def prompt(self, begun: Sequence[int], more: Sequence[int] = ()) -> list[int]:
        """A prompt, its pauses, and the beginning of the reply, if there is one: as the decoder
        takes them (prefix.py)."""
        first = [*begun, *self.pauses]
        return [*(prefix.both_ways(first) if self.prefix_lm else first), *more]


def _refuse_other(name: str, known: PauseConfig, loaded: Loaded) -> None:
    """Raises:
    InputError: the model's tokenizer has that token as another, or the model no row for it.
    """
    ids = loaded.tokenizer.encode(known.token, add_special_tokens=False, verbose=False)
    rows = len(loaded.model.get_input_embeddings().weight)
    if ids != [known.id] or known.id >= rows:
        raise InputError(f"model {name}: its {FILE} is of another model: {known.token} is {ids}")
