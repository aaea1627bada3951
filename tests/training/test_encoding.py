"""From labels to targets, and from texts to tokens."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ponder.errors import InputError
from ponder.training import Bad, Example, orm_options, prm_options
from ponder.training.encoding import (
    OutcomeEncoder,
    StepEncoder,
    encode_all,
    needed,
    right,
    target,
)
from ponder.training.kinds import outcome_kind, process_kind
from ponder.verifiers.prm import Outcome, Tokens, find_format
from ponder.verifiers.prm.readout import Label
from tests.verifiers.prm.tiny import byte_level, sentencepiece

TWO: tuple[Label, ...] = ("negative", "positive")
THREE: tuple[Label, ...] = ("positive", "neutral", "negative")
TARGETS: list[tuple[Any, tuple[Label, ...], str, tuple[float, ...] | None]] = [
    (0.3, (), "positive", (0.3,)),
    ("neutral", (), "positive", (1.0,)),
    ("neutral", (), "negative", (0.0,)),
    ("negative", (), "positive", (0.0,)),
    (0.3, TWO, "positive", (0.7, 0.3)),
    (0.9375, TWO, "positive", (0.0625, 0.9375)),
    ("neutral", TWO, "positive", (0.0, 1.0)),
    ("neutral", TWO, "negative", (1.0, 0.0)),
    ("neutral", THREE, "positive", (0.0, 1.0, 0.0)),
    ("neutral", THREE, "negative", (0.0, 1.0, 0.0)),
    (0.3, THREE, "positive", (0.3, 0.0, 0.7)),
    (1.0, THREE, "positive", (1.0, 0.0, 0.0)),
    (None, THREE, "positive", None),
]


@pytest.mark.parametrize(("label", "labels", "neutral", "wanted"), TARGETS)
def test_a_label_s_target(
    label: Any, labels: tuple[Label, ...], neutral: Any, wanted: tuple[float, ...] | None
) -> None:
    found = target(label, labels, neutral)

    assert found == (None if wanted is None else pytest.approx(wanted))


@given(st.floats(0, 1))
def test_a_soft_label_is_never_rounded(label: float) -> None:
    assert target(label, ()) == (label,)
    assert target(label, TWO) == (1 - label, label)
    assert right(label) == label


FORMATS: list[tuple[dict[str, Any], Any]] = [
    ({"outputs": 3}, byte_level),
    ({"outputs": 1}, sentencepiece),
    ({"format": "ratings"}, byte_level),
    ({"format": "math-shepherd"}, sentencepiece),
    ({"format": "rlhflow"}, byte_level),
]


def named(value: Any) -> str:
    """The same in every process."""
    return getattr(value, "__name__", None) or str(value)


TEXT = st.text(st.characters(codec=None), min_size=1, max_size=20) | st.sampled_from(
    ["<|eot|>", "<|im_end|>", " ки", "\n\n", "ки\n", "[PRM]", "<extra_0>", "</s>", "+", "{problem}"]
)


@pytest.mark.parametrize(("chosen", "tokenizer"), FORMATS, ids=named)
@given(problem=TEXT, steps=st.lists(TEXT, min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_what_is_fitted_to_is_what_will_be_read(
    chosen: dict[str, Any], tokenizer: Any, problem: str, steps: list[str]
) -> None:
    kind = process_kind(prm_options(**{"outputs": 2, **chosen}))
    tokens = Tokens(tokenizer())
    labels = tuple(0.5 for _ in steps)
    loaded = find_format("x", config={"ponder": kind.record.to_json()})

    found = StepEncoder(tokens, kind.format, kind.record.labels)(
        Example(problem, tuple(steps), labels)
    )

    read = loaded.render(tokens, problem, steps)
    assert (found.ids, found.positions) == (read.ids, read.positions)
    assert loaded == kind.format
    assert found.learnt == len(steps)


def encoder(**chosen: Any) -> StepEncoder:
    kind = process_kind(prm_options(**chosen))
    return StepEncoder(Tokens(byte_level()), kind.format, kind.record.labels)


def test_what_follows_the_last_label_is_left_out_and_nothing_else() -> None:
    one = encoder()(Example("p", ("a", "b", "c"), (None, 0.5, None)))

    short = needed(one)

    assert short.ids == one.ids[: one.positions[1] + 1]
    assert short.positions == one.positions[:2]
    assert short.targets == (None, (0.5,))


def test_a_step_of_ten_thousand_tokens_is_refused_with_file_and_line() -> None:
    long = Example("p", ("a", "x y " * 10_000), (1.0, 0.0), where="train.jsonl line 7")

    with pytest.raises(
        InputError,
        match=r"^train.jsonl line 7: longer than the 256 tokens that are taken: \d{5} tokens; its "
        r"longest step, 2 of 2, has 40000 characters \(--skip-bad",
    ):
        encode_all([long], encoder(), 256, Bad())


def test_or_is_left_out_and_counted_but_never_cut() -> None:
    bad = Bad(skip=True)
    examples = [
        Example("p", ("a",), (1.0,)),
        Example("p", ("x y " * 10_000,), (0.0,)),
        Example("p", ("b " * 300,), (0.0,)),
    ]

    kept = encode_all(examples, encoder(), 256, bad)

    assert [example for example, _ in kept] == examples[:1]
    assert bad.counts == {"longer than the 256 tokens that are taken": 2}


def test_an_outcome_is_learnt_at_every_token_of_the_solution(tmp_path: Path) -> None:
    tokens = Tokens(byte_level())
    form = Outcome(chat=False)
    example = Example("What?", ("one", "two"), correct=True)

    every = OutcomeEncoder(tokens, form)(example)
    last = OutcomeEncoder(tokens, form, every=False)(example)

    solution = len(tokens.after("one\n\ntwo"))
    assert every.positions == tuple(range(len(every.ids) - solution, len(every.ids)))
    assert every.targets == ((1.0,),) * solution
    assert last.positions == (len(last.ids) - 1,)


def test_an_outcome_s_last_position_is_where_it_will_be_read() -> None:
    tokenizer = byte_level()
    kind = outcome_kind(orm_options(), tokenizer)
    form: Any = kind.format

    found = OutcomeEncoder(Tokens(tokenizer), form)(Example("p", ("a", "b"), correct=False))

    read = form.render(Tokens(tokenizer), "p", ["a\n\nb"])
    assert form.chat
    assert found.ids == read.ids
    assert found.positions[-1] == read.positions[-1]


def test_words_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(InputError, match=r"must be two words .* or three"):
        process_kind(prm_options(format="ratings", words=("+",)))
    with pytest.raises(InputError, match="format trl has a head of its own"):
        process_kind(prm_options(words="+,-"))
    with pytest.raises(InputError, match="rlhflow answers steps with '\\+'"):
        process_kind(prm_options(format="rlhflow", words="yes,no"))
    with pytest.raises(InputError, match="no chat template"):
        outcome_kind(orm_options(chat=True), sentencepiece())
