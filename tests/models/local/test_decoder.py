"""Reading token ids into hidden states."""

import threading
from typing import Any

import pytest
import torch
from transformers import AutoModelForTokenClassification

from ponder.errors import InputError
from ponder.models.local import Decoder
from tests.models.local.tiny import KINDS, bare, model, texts


def plain(made: Any, ids: list[int]) -> Any:
    """What the model gives by itself for one sequence: [tokens, hidden]."""
    with torch.inference_mode():
        return made.base_model(input_ids=torch.tensor([ids])).last_hidden_state[0]


def trie(sequences: list[list[int]]) -> Any:
    """How many tokens there are when what sequences begin with in common is counted once."""
    return len({tuple(ids[:end]) for ids in sequences for end in range(1, len(ids) + 1)})


@pytest.mark.parametrize("kind", KINDS)
def test_states_in_batches_are_those_of_each_sequence_alone(kind: str) -> None:
    made = model(kind)
    sequences = [*texts(12, shared=20), *texts(5, seed=2), [3]]
    positions = [range(0, len(ids), 3) for ids in sequences]

    states = Decoder(made).states(sequences, positions)

    for ids, wanted, found in zip(sequences, positions, states, strict=True):
        assert found.dtype == torch.float32
        assert not found.is_inference()
        torch.testing.assert_close(found, plain(made, ids)[list(wanted)], atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_states_after_a_known_beginning_are_those_of_the_whole(kind: str) -> None:
    made = model(kind)
    decoder = Decoder(made)
    [ids] = texts(1, shared=50)

    for end in (5, 6, 30, len(ids)):
        [found] = decoder.states([ids[:end]], [[0, end - 1]])
        torch.testing.assert_close(found, plain(made, ids)[[0, end - 1]], atol=1e-5, rtol=0)

    assert decoder.counters.forwarded == len(ids)


def test_logits_are_those_of_the_whole_model() -> None:
    made = model("qwen2")
    decoder = Decoder(made)
    [ids] = texts(1, shared=10)
    with torch.inference_mode():
        want = made(input_ids=torch.tensor([ids])).logits[0]

    [states] = decoder.states([ids], [range(len(ids))])

    torch.testing.assert_close(decoder.logits(states), want, atol=1e-5, rtol=0)
    torch.testing.assert_close(decoder.logits(states, [5, 3]), want[:, [5, 3]], atol=1e-5, rtol=0)


def test_a_shared_prompt_and_a_duplicate_are_forwarded_once() -> None:
    decoder = Decoder(model())
    sequences = texts(64, shared=40)
    sequences.append(sequences[7])

    decoder.states(sequences, [[len(ids) - 1] for ids in sequences])

    assert decoder.counters.forwarded == trie(sequences)
    assert decoder.counters.reused == sum(map(len, sequences)) - trie(sequences)


def test_what_is_known_whole_is_not_forwarded_again_wherever_it_is_asked() -> None:
    decoder = Decoder(model())
    sequences = texts(8, shared=10)
    first = decoder.states(sequences, [range(len(ids)) for ids in sequences])
    forwarded = decoder.counters.forwarded

    again = decoder.states(sequences, [range(len(ids)) for ids in sequences])

    assert decoder.counters.forwarded == forwarded
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))


def test_a_beam_that_grows_forwards_each_token_once() -> None:
    decoder = Decoder(model())
    beams = texts(6, shared=20)
    everything = []

    for step in range(4):
        everything += beams
        decoder.states(beams, [[len(ids) - 1] for ids in beams])
        kept = beams[:3]
        beams = [ids + more for ids in kept for more in texts(2, seed=step)]

    assert decoder.counters.forwarded == trie(everything)


def test_more_than_the_cache_may_hold_is_read_in_portions_and_stays_right() -> None:
    made = model()
    decoder = Decoder(made, prefix_tokens=60)
    sequences = texts(20, shared=15)

    states = decoder.states(sequences, [[len(ids) - 1] for ids in sequences])

    assert decoder.prefixes.tokens <= 60
    for ids, found in zip(sequences, states, strict=True):
        torch.testing.assert_close(found, plain(made, ids)[[-1]], atol=1e-5, rtol=0)


def test_a_text_longer_than_a_batch_is_read_in_parts() -> None:
    made = model()
    decoder = Decoder(made, batch_tokens=32)
    sequences = texts(3, shared=100)

    states = decoder.states(sequences, [[len(ids) - 1] for ids in sequences])

    assert decoder.counters.forwarded == trie(sequences)
    for ids, found in zip(sequences, states, strict=True):
        torch.testing.assert_close(found, plain(made, ids)[[-1]], atol=1e-5, rtol=0)


def test_padding_is_no_more_than_a_pass_would_cost() -> None:
    decoder = Decoder(model())
    lengths = [1] * 20 + [40] * 3 + [200]
    sequences = [[i, *texts(1, seed=i, shared=200)[0][: n - 1]] for i, n in enumerate(lengths)]

    decoder.states(sequences, [[0]] * len(sequences))

    assert decoder.counters.padded <= 32 * 3


def test_threads_share_a_decoder() -> None:
    made = model()
    decoder = Decoder(made)
    found = {}

    def read(seed: int) -> Any:
        sequences = texts(6, seed=seed, shared=10)
        states = decoder.states(sequences, [[len(ids) - 1] for ids in sequences])
        found[seed] = zip(sequences, states, strict=True)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    for pairs in found.values():
        for ids, state in pairs:
            torch.testing.assert_close(state, plain(made, ids)[[-1]], atol=1e-5, rtol=0)


def test_a_model_with_another_head_is_read_below_it() -> None:
    made = model("qwen2", auto=AutoModelForTokenClassification, num_labels=2)
    [ids] = texts(1)
    decoder = Decoder(made, name="judge")

    [states] = decoder.states([ids], [range(len(ids))])

    with torch.inference_mode():
        want = made(input_ids=torch.tensor([ids])).logits[0]
        torch.testing.assert_close(made.score(states), want, atol=1e-5, rtol=0)
    with pytest.raises(InputError, match="model judge has no language model head"):
        decoder.logits(states)


def test_bfloat16_is_read_too() -> None:
    made = model().to(torch.bfloat16)
    [ids] = texts(1, shared=30)
    decoder = Decoder(made)
    decoder.states([ids[:9]], [[]])

    [states] = decoder.states([ids], [range(len(ids))])

    assert states.dtype == torch.float32
    want = plain(made, ids).float()
    assert float((states - want).norm() / want.norm()) < 0.05


def test_a_model_whose_past_is_not_keys_and_values_is_refused_by_name() -> None:
    made = bare("mamba", num_hidden_layers=2)

    with pytest.raises(InputError, match=r"^model m: it has layers of linear_attention"):
        Decoder(made, name="m")


def test_a_model_that_takes_its_positions_from_the_mask_is_refused_by_name() -> None:
    made = bare("bloom", n_layer=2, n_head=2)

    with pytest.raises(InputError, match=r"^model m: BloomModel cannot be run with a cache of"):
        Decoder(made, name="m")


def test_a_model_with_layers_of_an_unknown_kind_is_refused_by_name() -> None:
    made = model()
    made.config.layer_types = ["full_attention", "chunked_attention", "full_attention"]

    with pytest.raises(InputError, match="layers of chunked_attention; only full attention"):
        Decoder(made)


@pytest.mark.parametrize(
    ("ids", "positions", "said"),
    [
        ([], [], "a sequence of no tokens"),
        ([1] * 257, [0], "of 257 tokens is longer than the 256"),
        ([1, 2], [2], r"positions must be from 0 to 1, not \[2\]"),
        ([1, 2], [-1], r"positions must be from 0 to 1, not \[-1\]"),
    ],
)
def test_what_cannot_be_read_is_said(ids: list[int], positions: list[int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Decoder(model()).states([ids], [positions])
