"""Rows of our own in the layout of PRM800K's files."""

import json
from pathlib import Path
from typing import Any

RATING = {"+": 1, "0": 0, "-": -1, "?": None}


def completion(text: str) -> dict[str, Any]:
    return {"text": text[1:], "rating": RATING[text[0]], "flagged": None}


def step(*texts: str, chosen: int | None = 0, human: Any = None) -> dict[str, Any]:
    completions = [completion(text) for text in texts] or None
    return {"completions": completions, "human_completion": human, "chosen_completion": chosen}


def row(*steps: Any, reason: str = "solution", **more: Any) -> dict[str, Any]:
    """A row in the layout of the published files."""
    question = {
        "problem": "What is $2+2$?", "ground_truth_solution": "$\\boxed{4}$",
        "ground_truth_answer": "4", "pre_generated_steps": None, "pre_generated_answer": None,
        "pre_generated_verifier_score": None,
    }  # fmt: skip
    return {
        "labeler": "a", "timestamp": "2022-07-17T17:05:48", "generation": None,
        "is_quality_control_question": False, "is_initial_screening_question": False,
        "question": question,
        "label": {"steps": list(steps), "total_time": 1000, "finish_reason": reason}, **more,
    }  # fmt: skip


PHASE_1 = row(
    step("+Add."),
    step("0Two and two.", "-Two and three.", "?Hm.", chosen=0),
    step("-So 6.", "-So 5.\n\n# Answer\n\n5", chosen=None, human={"text": "Four.", "source": "h"}),
    step("+So 4.\n\n# Answer\n\n4.0", "+Hence.\n\n# Answer\n\n\\frac{8}{2}"),
)
PHASE_2 = row(
    step("+Add."), step("?Two."), step("-So 5.\n\n# Answer\n\n5", chosen=None),
    reason="found_error", generation=3,
)  # fmt: skip


def write(path: Path, *rows: Any) -> Path:
    file = path / "labels.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return file
