"""A sweep with searches over steps, by a random model and a random reward model that are both held
in this process: everything is real but the words."""

import json
from pathlib import Path

import pytest

from ponder.nodes import read_policy
from tests.cli.conftest import Ponder
from tests.models.local.tiny import save
from tests.verifiers.prm.checkpoints import publish

pytestmark = pytest.mark.filterwarnings("ignore:the subprocess sandbox")


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Six of them."""
    rows = [{"id": f"q/{n}", "question": f"The cat sat {n}?", "answer": n} for n in range(6)]
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def models(tmp_path: Path) -> tuple[str, ...]:
    """Random weights. A third of all tokens end a reply, so that it does end."""
    folder = save(tmp_path / "model", "llama", max_position_embeddings=1024)
    file = folder / "generation_config.json"
    given = json.loads(file.read_text())
    file.write_text(json.dumps({**given, "eos_token_id": [0, 2, *range(3, 320, 3)]}))
    publish("math-shepherd", tmp_path / "prm")
    prm = f"prm:{tmp_path / 'prm'},format=math-shepherd"
    return ("--model", f"transformers/{folder}", "--verifier", prm, "--sandbox", "subprocess")


def test_every_kind_of_strategy_is_swept_and_one_is_chosen(
    ponder: Ponder, questions: Path, models: tuple[str, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "sweep"
    sizes = ("--budgets", "4", "--difficulty-samples", 4, "-o", "rounds=2", "-o", "max_tokens=64")

    swept = ponder("sweep", questions, *models, *sizes, "--out", folder)
    chosen = ponder("policy", folder, "--bins", 2, "--json")
    use = ("--graph", "compute-optimal", "-o", f"policy={folder / 'policy.json'}")
    solved = ponder(
        "solve", "The cat sat?", "-q", *models, *use, "-o", "budget=4", "-o", "probe=2", "--json"
    )

    assert (swept.code, chosen.code) == (0, 0)
    assert {path.name.partition("@")[0] for path in folder.iterdir() if path.is_dir()} == {
        "difficulty", "best-of-n-4", "revisions-2-4", "revisions-4-4", "beam-sqrt-4", "beam-4-4",
        "lookahead-1-sqrt-4",
    }  # fmt: skip
    policy = read_policy(folder / "policy.json")
    assert len(policy.bins) == 2
    assert policy.choose(4, 1).options["max_tokens"] == 64
    assert json.loads(chosen.out)["estimating"]["verifier_tokens"] > 0
    assert json.loads(solved.out)["usage_by_kind"]["probe"]["calls"] >= 2
