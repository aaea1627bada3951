import random
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from ponder.errors import ModelRejected
from ponder.models import ScriptedModel, Store
from ponder.nodes import Pair as Shown
from ponder.nodes.prompt import render
from reproductions import recycling
from reproductions.instructions import NOISE, draw, noisy, pairs, spoilt
from reproductions.reflecting import Teacher, asked, prompt


def test_a_pair_s_own_answer_is_right_and_a_spoilt_one_is_not() -> None:
    some = list(islice(pairs("test"), 140))
    numbers = random.Random(0)

    assert all(one.right(one.answer) for one in some)
    for kind in ("wrong answer", "cut off", "rambling"):
        assert not any(one.right(spoilt(one, kind, numbers).answer) for one in some)


def test_an_answer_in_other_words_is_right() -> None:
    plural = draw(random.Random(0), "plural")

    assert plural.right(f"One says {plural.key}, of course.")
    assert not plural.right(f"One says {plural.key}x.")


def test_noise_has_the_shares_that_it_says() -> None:
    kinds = Counter(one.noise for one in noisy("test", 100))

    assert kinds == {**{kind: round(100 * share) for kind, share in NOISE.items()}, "none": 40}


def test_no_instruction_is_drawn_twice() -> None:
    some = [one.instruction for one in islice(pairs("test"), 322)]

    assert len(set(some)) == len(some)


@pytest.mark.parametrize("stage", ["instruction", "response"])
def test_a_teacher_knows_what_the_graph_asks(stage: str) -> None:
    pair = Shown("Name a [tree].", "Oak\n\nor elm")
    graph_s = render(f"reflect_{stage}", pair=pair, structured=False)

    assert asked(graph_s) == (stage, (pair.instruction, pair.output))
    with pytest.raises(ModelRejected):
        asked([{"role": "user", "content": "Hello"}])


def test_all_prompts_of_a_stage_begin_alike() -> None:
    one, other = prompt("response", "Name a tree.", "Oak"), prompt("response", "Count.", "1")

    assert one[:-1] == other[:-1]
    assert len(one) == 2 + 2 * 4


async def test_what_a_teacher_said_is_not_asked_for_again(tmp_path: Path) -> None:
    model = ScriptedModel(recycling.scripted)

    for _ in range(2):
        store = Store(tmp_path / "store.sqlite")
        reply = await Teacher(model, store).say("response", ("Name a tree.", "Oak"))
        store.close()

    assert reply.text == "[Better Answer] So: Oak [End]"
    assert len(model.calls) == 1


@pytest.mark.slow
def test_the_reproduction_runs_and_asks_for_each_reply_once(tmp_path: Path) -> None:
    model = ScriptedModel(recycling.scripted)

    results = recycling.run(recycling.TOY, tmp_path / "folder", tmp_path, model)

    report = (tmp_path / "recycling.md").read_text()
    assert report.index("What this is not") < report.index("## 1.")
    assert len(list(tmp_path.glob("*.svg"))) == len(list(tmp_path.glob("*.png"))) == 2
    assert len(model.calls) == len({str(call.messages) for call in model.calls})
    assert results.facts["instruction calls"] == recycling.TOY.pairs
