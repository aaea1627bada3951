"""A fitted model loads back without being told its format, and scores as it did."""

from pathlib import Path
from typing import Any, cast

import pytest

from ponder.tasks import MathTask
from ponder.training import Example, fit_orm, fit_prm, orm_options, prm_options
from ponder.training.fitting import Fit
from ponder.training.measuring import Reader
from ponder.verifiers import OutcomeModel, RewardModel, connect_verifier
from tests.training.tiny import base, examples


@pytest.fixture
def scores(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the trainer's own model gives to the solutions, just before it is saved."""
    from ponder.training import building

    kept: dict[str, Any] = {}
    save = building.save

    def note(scoring: Any, kind: Any, tokenizer: Any, folder: Path) -> None:
        read = Reader(scoring, kind.format, 4096)
        kept["scores"], _ = read([kept["encode"](one) for one in kept["examples"]])
        save(scoring, kind, tokenizer, folder)

    monkeypatch.setattr(building, "save", note)
    run = Fit.__call__

    def watch(self: Fit, data: Any) -> Any:
        kept["encode"] = self.encode
        return run(self, data)

    monkeypatch.setattr(Fit, "__call__", watch)
    return kept


HARD = ("Say: <|eot|> \u0000 ки + - = \n\n \ud800 Step 1: x\n", ("a\nb", " \n\n+ -", "<|start|> é"))
FORMS: list[tuple[str, dict[str, Any]]] = [
    ("Llama", {"outputs": 1}),
    ("Llama", {"outputs": 2}),
    ("Llama", {"outputs": 3}),
    ("Qwen2", {"outputs": 3, "neutral": "negative", "aggregate": "min"}),
    ("GPT2", {"outputs": 2}),
    ("Llama", {"format": "ratings"}),
    ("Llama", {"format": "ratings", "words": ("+", "-"), "over": "words"}),
    ("Llama", {"format": "math-shepherd"}),
    ("Llama", {"format": "rlhflow"}),
    ("Llama", {"outputs": 1, "lora": 2}),
    ("GPT2", {"outputs": 2, "lora": 2}),
    ("Llama", {"format": "ratings", "lora": 2}),
]


@pytest.mark.parametrize(("family", "settings"), FORMS, ids=str)
async def test_a_process_model_of_every_form_scores_as_it_did_when_it_was_fitted(
    family: str, settings: dict[str, Any], tmp_path: Path, scores: dict[str, Any]
) -> None:
    folder = base(tmp_path / "base", family=family)
    scores["examples"] = [*examples(4), Example(*HARD)]
    options = prm_options("paper-a", **{"format": "trl", "lr": 1e-3, "batch": 8, **settings})

    fit_prm(examples(), folder, tmp_path / "out", options)

    verifier = cast(RewardModel, connect_verifier(f"prm:{tmp_path / 'out'}"))
    for example, own in zip(scores["examples"], scores["scores"], strict=True):
        [verdict] = await verifier.judge_steps(MathTask("t", example.prompt), [example.steps])
        assert verdict.steps == pytest.approx(own, abs=1e-5)
    assert verifier.aggregate == (options.aggregate or "product")
    verifier.close()


@pytest.mark.parametrize(
    ("family", "chat", "settings"),
    [
        ("Llama", True, {}),
        ("Llama", False, {"at": "last"}),
        ("GPT2", False, {}),
        ("Llama", True, {"format": "value"}),
        ("Llama", False, {"lora": 2}),
        ("Llama", False, {"format": "value", "lora": 2}),
    ],
    ids=str,
)
async def test_an_outcome_model_of_every_form_scores_as_it_did_when_it_was_fitted(
    family: str, chat: bool, settings: dict[str, Any], tmp_path: Path, scores: dict[str, Any]
) -> None:
    folder = base(tmp_path / "base", family=family, chat=chat)
    scores["examples"] = [*examples(4), Example(*HARD)]
    options = orm_options(**{"lr": 1e-3, "batch": 8, **settings})

    fit_orm(examples(), folder, tmp_path / "out", options)

    verifier = cast(OutcomeModel, connect_verifier(f"orm:{tmp_path / 'out'}"))
    for example, own in zip(scores["examples"], scores["scores"], strict=True):
        text = "\n\n".join(example.steps)
        [verdict] = await verifier.judge(MathTask("t", example.prompt), [text])
        assert verdict.score == pytest.approx(own[-1], abs=1e-5)
    verifier.close()
