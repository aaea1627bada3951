"""Requests that are decoded together."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

import pytest
import torch

from ponder.errors import ModelRejected, ModelUnavailable
from ponder.models.local import Generator, Loaded, load
from ponder.models.local.requests import Reply, Request
from ponder.models.local.sampling import Sampling

GREEDY, WARM = Sampling(0), Sampling(1.0, top_p=0.95)
SECONDS = 30


@pytest.fixture
def loaded(folder: Path) -> Iterator[Loaded]:
    found = load(str(folder))
    found.decoder.prefixes.clear()
    yield found
    found.decoder.prefixes.clear()


@pytest.fixture
def generator(loaded: Loaded) -> Iterator[Generator]:
    made = Generator(loaded, together=8)
    yield made
    made.close()


def prompt(loaded: Loaded, text: str) -> tuple[int, ...]:
    return tuple(loaded.tokenizer.encode(text))


def request(ids: tuple[int, ...], tokens: int = 30, **rest: Any) -> Request:
    return Request(ids, tokens, **{"sampling": GREEDY, "seed": 0, "stop": (), **rest})


def all_of(futures: "list[Future[Reply]]") -> list[Reply]:
    return [future.result(SECONDS) for future in futures]


def alone(loaded: Loaded, ids: tuple[int, ...], tokens: int = 30) -> tuple[int, ...]:
    """What the model itself says, greedily, without any cache."""
    said = list(ids)
    while len(said) < len(ids) + tokens and (said[-1] not in loaded.ends or len(said) == len(ids)):
        with torch.inference_mode():
            said.append(int(loaded.model(input_ids=torch.tensor([said])).logits[0, -1].argmax()))
    return tuple(said[len(ids) :])


def test_replies_decoded_together_are_what_the_model_says_by_itself(
    generator: Generator, loaded: Loaded
) -> None:
    prompts = [prompt(loaded, f"{'the cat sat ' * i}Step {i}:") for i in range(12)]

    replies = all_of([generator.submit(request(ids)) for ids in prompts])

    assert [reply.ids for reply in replies] == [alone(loaded, ids) for ids in prompts]
    assert {reply.ended for reply in replies} == {"end", "length"}
    for reply in replies:
        assert (reply.ended == "end") == (reply.ids[-1] in loaded.ends)


def test_a_seed_draws_the_same_alone_in_a_full_batch_and_joined_late(
    generator: Generator, loaded: Loaded
) -> None:
    asked = request(prompt(loaded, "the cat"), 25, sampling=WARM, seed=5)
    alone = generator.submit(asked).result(SECONDS)

    full = [generator.submit(request(asked.ids, 25, sampling=WARM, seed=i)) for i in range(8)]
    others = [generator.submit(request(prompt(loaded, f"{i}"), 60, seed=i)) for i in range(4)]
    wait(full, SECONDS)
    late = generator.submit(asked)

    assert full[5].result(SECONDS) == alone == late.result(SECONDS)
    assert len({reply.ids for reply in all_of(full)}) == 8
    wait(others, SECONDS)


def test_another_seed_draws_another_reply_and_no_seed_changes_the_likeliest(
    generator: Generator, loaded: Loaded
) -> None:
    ids = prompt(loaded, "the cat")

    warm = all_of([generator.submit(request(ids, sampling=WARM, seed=i)) for i in range(4)])
    cold = all_of([generator.submit(request(ids, seed=i)) for i in range(4)])

    assert len({reply.ids for reply in warm}) == 4
    assert len({reply.ids for reply in cold}) == 1


def test_equal_prompts_are_read_once_and_a_reply_that_is_over_is_gone_on_from(
    generator: Generator, loaded: Loaded
) -> None:
    ids = prompt(loaded, "the cat sat on the mat. " * 4)
    counters = loaded.decoder.counters
    before = counters.forwarded

    replies = all_of([generator.submit(request(ids, 20, sampling=WARM, seed=i)) for i in range(6)])
    drawn = sum(len(reply.ids) for reply in replies)
    assert counters.forwarded - before == len(ids) + drawn - len(replies)

    before = counters.forwarded
    generator.submit(request(ids + replies[0].ids, 1)).result(SECONDS)
    assert counters.forwarded - before == 1  # the token that was drawn last


def test_a_stop_string_ends_a_reply_before_it(generator: Generator, loaded: Loaded) -> None:
    ids = prompt(loaded, "Step 3:")
    whole = generator.submit(request(ids, 60)).result(SECONDS)
    middle = whole.text[len(whole.text) // 2 :][:2]

    cut = generator.submit(request(ids, 60, stop=("never this", middle))).result(SECONDS)

    assert cut.ended == "stop"
    assert cut.text == whole.text[: whole.text.index(middle)]
    assert len(cut.ids) < len(whole.ids)


def test_memory_is_never_more_than_the_budget_and_the_replies_are_the_same(loaded: Loaded) -> None:
    prompts = [prompt(loaded, f"{'mat ' * i}Step {i}:") for i in range(10)]
    small = Generator(loaded, together=8, token_budget=160)
    sizes = []
    step = small._batch.step

    def watched() -> torch.Tensor:
        found = step()
        rows = small._batch._rows
        sizes.append((rows.rows * rows.columns) if rows else 0)
        return found

    small._batch.step = watched  # type: ignore[method-assign]

    replies = all_of([small.submit(request(ids, 60)) for ids in prompts])

    small.close()
    assert max(sizes) <= 160
    assert [reply.ids for reply in replies] == [alone(loaded, ids, 60) for ids in prompts]


def test_short_requests_join_a_long_one(loaded: Loaded) -> None:
    made = Generator(loaded, together=8)
    long = prompt(loaded, "mat " * 150)
    short = [prompt(loaded, f"{i}") for i in range(5)]

    first = made.submit(request(long, 50))
    while not made._batch.active:
        time.sleep(0.001)
    others = all_of([made.submit(request(ids, 9)) for ids in short])

    assert [reply.ids for reply in others] == [alone(loaded, ids, 9) for ids in short]
    assert first.result(SECONDS).ids == alone(loaded, long, 50)
    made.close()


def test_requests_wait_in_the_order_they_came(loaded: Loaded) -> None:
    single = Generator(loaded, together=1)
    over: list[int] = []
    prompts = [prompt(loaded, f"{i}") for i in range(5)]

    futures = [single.submit(request(ids, 5)) for ids in prompts]
    for i, future in enumerate(futures):
        future.add_done_callback(lambda _, i=i: over.append(i))  # type: ignore[misc]
    wait(futures, SECONDS)

    single.close()
    assert over == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("length", "tokens"), [(0, 5), (100, 200), (300, 1), (5, 0)])
def test_what_can_never_fit_is_refused_at_once(
    generator: Generator, length: int, tokens: int
) -> None:
    with pytest.raises(ModelRejected, match=f"{length} tokens of prompt .* takes 1 to 256 in all"):
        generator.submit(request((5,) * length, tokens))


def test_who_is_cancelled_leaves_the_batch_at_once(generator: Generator, loaded: Loaded) -> None:
    long = [generator.submit(request(prompt(loaded, f"{i}"), 240, sampling=WARM)) for i in range(8)]
    waiting = generator.submit(request(prompt(loaded, "the cat"), 3))
    while not generator._batch.active:
        time.sleep(0.001)

    for future in long:
        future.cancel()

    reply = waiting.result(SECONDS)
    assert reply.ids == alone(loaded, prompt(loaded, "the cat"), 3)
    assert all(future.cancelled() or future.done() for future in long)
    assert len(generator._batch.active) <= 1


def test_a_model_that_fails_fails_its_requests_and_the_next_are_answered(
    generator: Generator, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = prompt(loaded, "the cat")

    def fail(*_: Any) -> None:
        raise RuntimeError("out of\nmemory")

    with monkeypatch.context() as broken:
        broken.setattr(generator._batch, "step", fail)
        with pytest.raises(ModelUnavailable, match=r": RuntimeError: out of memory$"):
            generator.submit(request(ids)).result(SECONDS)
    with monkeypatch.context() as broken:
        broken.setattr(loaded.decoder, "read", fail)
        with pytest.raises(ModelUnavailable, match="out of memory"):
            generator.submit(request(ids)).result(SECONDS)
        with pytest.raises(ModelUnavailable, match="out of memory"):
            generator.states(ids, [0]).result(SECONDS)

    assert generator.submit(request(ids)).result(SECONDS).ids == alone(loaded, ids)


def test_states_are_read_beside_replies(generator: Generator, loaded: Loaded) -> None:
    ids = prompt(loaded, "Step 1: two and two are four.")
    replies = [generator.submit(request(prompt(loaded, f"{i}"))) for i in range(4)]

    found = generator.states(ids, [2, 5]).result(SECONDS)

    [want] = loaded.decoder.states([ids], [[2, 5]])
    torch.testing.assert_close(found, want)
    wait(replies, SECONDS)


def test_closing_ends_the_thread_fails_what_is_under_way_and_may_be_done_twice(
    loaded: Loaded,
) -> None:
    others = set(threading.enumerate())
    made = Generator(loaded)
    future = made.submit(request(prompt(loaded, "the"), 240, sampling=WARM))

    made.close()
    made.close()

    assert set(threading.enumerate()) <= others
    with pytest.raises(ModelUnavailable, match=r": closed$"):
        future.result(0)
    with pytest.raises(ModelUnavailable, match=r": closed$"):
        made.submit(request(prompt(loaded, "the")))


@pytest.mark.slow
def test_a_process_that_ends_in_the_middle_of_a_reply_ends(folder: Path) -> None:
    program = (
        "import sys; from ponder.models.local import load, Generator\n"
        "from ponder.models.local.requests import Request\n"
        "from ponder.models.local.sampling import Sampling\n"
        "made = Generator(load(sys.argv[1]))\n"
        "made.submit(Request((5, 6), 200, Sampling(), 1))\n"
        "print('asked')"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (0, "asked\n")
    assert "Error" not in done.stderr
