"""What is learnt: cross-entropy with the labels as they are, at labelled steps alone."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from ponder.training import Example, prm_options
from ponder.training.batches import ByLength, collate, rows_of
from ponder.training.building import base_tokenizer, build
from ponder.training.encoding import Encoded, StepEncoder, needed
from ponder.training.kinds import process_kind
from ponder.training.scoring import Reading, Scoring
from ponder.verifiers.prm import Tokens
from tests.training.tiny import base, examples


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base(tmp_path_factory.mktemp("base"))


def made(folder: Path, **chosen: Any) -> tuple[Scoring, StepEncoder]:
    options = prm_options(**{"dropout": 0.0, **chosen})
    kind, tokenizer = process_kind(options), base_tokenizer(str(folder))
    encode = StepEncoder(Tokens(tokenizer), kind.format, kind.record.labels, options.neutral)
    return build(str(folder), kind, tokenizer, options), encode


def losses(scoring: Scoring, some: list[Encoded]) -> torch.Tensor:
    batch = collate(some)
    numbers = scoring(batch["input_ids"], batch["rows"], batch["columns"])
    return scoring.loss(numbers, batch["targets"])


GOLDEN: list[tuple[Reading, list[float], list[float], float]] = [
    # −(0.75 ln σ(ln 3) + 0.25 ln (1 − σ(ln 3))), with σ(ln 3) = 3/4
    (Reading(1, head="x"), [math.log(3)], [0.75], 0.75 * math.log(4 / 3) + 0.25 * math.log(4)),
    (Reading(1, head="x"), [math.log(3)], [0.0], math.log(4)),
    # shares 1/4, 3/4
    (
        Reading(2, head="x"),
        [0.0, math.log(3)],
        [0.4, 0.6],
        0.4 * math.log(4) + 0.6 * math.log(4 / 3),
    ),
    # shares 1/6, 2/6, 3/6
    (
        Reading(3, head="x"),
        [0.0, math.log(2), math.log(3)],
        [0.0, 0.5, 0.5],
        0.5 * math.log(3) + 0.5 * math.log(2),
    ),
    # log-likelihoods in a vocabulary, of which the words have 1/10 and 2/10
    (
        Reading(2, (5, 6), "vocabulary"),
        [math.log(0.1), math.log(0.2)],
        [0.5, 0.5],
        0.5 * math.log(10) + 0.5 * math.log(5),
    ),
    (
        Reading(2, (5, 6), "words"),
        [math.log(0.1), math.log(0.2)],
        [0.5, 0.5],
        0.5 * math.log(3) + 0.5 * math.log(1.5),
    ),
    (Reading(2, (5, 6), "vocabulary"), [0.0, -math.inf], [1.0, 0.0], 0.0),
]


@pytest.mark.parametrize(("reading", "numbers", "goal", "wanted"), GOLDEN)
def test_the_loss_is_what_a_hand_computes(
    folder: Path, reading: Reading, numbers: list[float], goal: list[float], wanted: float
) -> None:
    scoring, _ = made(folder)
    scoring.reading = reading

    [loss] = scoring.loss(torch.tensor([numbers]), torch.tensor([goal])).tolist()

    assert loss == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("chosen", [{"outputs": 1}, {"outputs": 3}, {"format": "ratings"}], ids=str)
def test_a_head_is_read_at_the_labelled_positions_as_the_whole_model_would(
    folder: Path, chosen: dict[str, Any]
) -> None:
    scoring, encode = made(folder, **chosen)
    some = [encode(Example("p", ("a", "b", "c"), (1.0, None, 0.0))), encode(examples()[0])]
    scoring.eval()

    batch = collate(some)
    numbers = scoring(batch["input_ids"], batch["rows"], batch["columns"])

    alone = scoring.inner(input_ids=torch.tensor([some[0].ids])).logits[0]
    if chosen.get("format"):
        alone = alone.log_softmax(-1)[:, list(scoring.reading.words)]
    want = alone[[some[0].positions[0], some[0].positions[2]]]
    assert torch.allclose(numbers[:2], want, atol=1e-5)
    assert batch["columns"][:2].tolist() == [some[0].positions[0], some[0].positions[2]]


@pytest.mark.parametrize("chosen", [{"outputs": 2}, {"format": "ratings"}], ids=str)
def test_gradients_come_from_the_labelled_positions_alone(
    folder: Path, chosen: dict[str, Any]
) -> None:
    scoring, encode = made(folder, **chosen)
    one = encode(Example("p", ("a", "b", "c"), (1.0, None, None)))
    seen: list[torch.Tensor] = []

    def note(_: Any, __: Any, out: Any) -> None:
        out.last_hidden_state.retain_grad()
        seen.append(out.last_hidden_state)

    hook = scoring.inner.base_model.register_forward_hook(note)

    losses(scoring, [one]).sum().backward()  # type: ignore[no-untyped-call]
    hook.remove()

    grad = seen[0].grad
    assert grad is not None
    reached = grad[0].abs().sum(-1).nonzero()[:, 0].tolist()
    assert reached == [one.positions[0]]


def test_what_is_cut_off_behind_the_last_label_changes_nothing(folder: Path) -> None:
    scoring, encode = made(folder)
    scoring.eval()
    one = encode(Example("p", ("a", "b", "c"), (0.2, None, None)))

    whole, short = losses(scoring, [one]), losses(scoring, [needed(one)])

    assert torch.allclose(whole, short, atol=1e-6)


def test_padding_changes_nothing(folder: Path) -> None:
    scoring, encode = made(folder)
    scoring.eval()
    some = [encode(one) for one in examples(4)]

    together = losses(scoring, some)

    apart = torch.cat([losses(scoring, [one]) for one in some])
    assert torch.allclose(together, apart, atol=1e-6)


def test_every_epoch_has_every_solution_once_and_in_its_own_order() -> None:
    lengths = [n % 7 + 1 for n in range(50)]
    sampler = ByLength(lengths, batch=8, rows=4, seed=3)

    first = list(sampler)
    again = list(ByLength(lengths, batch=8, rows=4, seed=3))
    sampler.set_epoch(1)
    second = list(sampler)

    assert sorted(index for some in first for index in some) == list(range(50))
    assert len(first) == len(sampler) == 13
    assert [len(some) for some in first] == [4] * 12 + [2]
    assert first == again != second


def test_as_many_solutions_are_in_a_pass_as_fit_into_it() -> None:
    assert rows_of(128, longest=100, tokens=16384) == 128
    assert rows_of(128, longest=1000, tokens=16384) == 16
    assert rows_of(6, longest=1000, tokens=4000) == 3
    assert rows_of(7, longest=1000, tokens=4000) == 1
    assert rows_of(4, longest=10_000, tokens=4000) == 1
