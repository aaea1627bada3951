"""One pass over a solution gives each step the score that its authors' code gives its prefix."""

from pathlib import Path

import pytest
import torch

from ponder.tasks import MathTask
from ponder.verifiers.prm import OUTCOME, PROCESS, RewardModel, Scorer, find_format
from tests.verifiers.prm.checkpoints import Published, fresh, publish, reference
from tests.verifiers.prm.published import rlhflow
from tests.verifiers.prm.tiny import PROBLEM, STEPS

SOLUTIONS = ((), STEPS, STEPS[:1], ("to get", "five.", "+", "so", "10"))
TASK = MathTask("t", PROBLEM)


@pytest.fixture(scope="module", params=list(PROCESS))
def published(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Published, Scorer]:
    torch.set_num_threads(1)
    name: str = request.param
    checkpoint = publish(name, tmp_path_factory.mktemp(name.replace(".", "-")))
    return name, checkpoint, fresh(checkpoint.folder, PROCESS[name])


def test_one_pass_equals_every_prefix_by_itself(published: tuple[str, Published, Scorer]) -> None:
    name, checkpoint, scorer = published

    results = scorer([(PROBLEM, steps) for steps in SOLUTIONS])

    for steps, scored in zip(SOLUTIONS, results, strict=True):
        slow = [
            reference(checkpoint, name, PROBLEM, steps[:count])
            for count in range(1, len(steps) + 1)
        ]
        assert list(scored.scores) == pytest.approx(slow, abs=1e-5)
    assert len({round(score, 3) for score in results[1].scores}) > 1


def test_scores_lie_where_the_format_says(published: tuple[str, Published, Scorer]) -> None:
    name, _, scorer = published
    low, high = PROCESS[name].readout.range

    (scored,) = scorer([(PROBLEM, STEPS)])

    assert all(low <= score <= high for score in scored.scores)


async def test_judging_a_text_is_judging_its_steps(
    published: tuple[str, Published, Scorer],
) -> None:
    name, _, scorer = published
    model = RewardModel("m", lambda: scorer, PROCESS[name].aggregate)

    (as_text,) = await model.judge(TASK, ["\n\n".join(STEPS) + "\n\n"])
    (as_steps,) = await model.judge_steps(TASK, [STEPS])

    assert as_text.steps == pytest.approx(as_steps.steps)
    assert len(as_text.steps) == len(STEPS)
    model.close()


@pytest.mark.parametrize("name", list(OUTCOME))
def test_an_outcome_is_read_at_the_final_token(name: str, tmp_path: Path) -> None:
    checkpoint = publish(name, tmp_path)
    tokenizer = checkpoint.tokenizer
    if name == "rlhflow-orm":
        ids, at = rlhflow(tokenizer, PROBLEM, ["a\n\nb"])
        words = [tokenizer.encode(sign)[-1] for sign in "+-"]
        slow = checkpoint.logits(ids, at)[words].softmax(-1)[0]
    else:
        turns = [{"role": "user", "content": PROBLEM}, {"role": "assistant", "content": "a\n\nb"}]
        text = f"{PROBLEM}\na\n\nb"
        if name == "classifier":
            text = tokenizer.apply_chat_template(turns, tokenize=False)
        slow = torch.sigmoid(checkpoint.logits(tokenizer.encode(text), -1))[0]

    (scored,) = fresh(tmp_path, OUTCOME[name])([(PROBLEM, ("a\n\nb",))])

    assert scored.scores == pytest.approx((float(slow),), abs=1e-5)


def test_a_classifier_reads_as_transformers_does(tmp_path: Path) -> None:
    import transformers

    checkpoint = publish("classifier", tmp_path)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    turns = [{"role": "user", "content": PROBLEM}, {"role": "assistant", "content": "five"}]
    ids = checkpoint.tokenizer.apply_chat_template(turns, tokenize=True, return_dict=False)
    with torch.no_grad():
        logit = model(input_ids=torch.tensor([ids])).logits[0, 0]
    found = find_format(str(tmp_path), config={"architectures": ["XForSequenceClassification"]},
                        outcome=True)  # fmt: skip

    (scored,) = fresh(tmp_path, found)([(PROBLEM, ("five",))])

    assert scored.scores == pytest.approx((float(torch.sigmoid(logit)),), abs=1e-5)
