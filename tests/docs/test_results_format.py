"""The page on the files of an evaluation, held against what writes them."""

import re
from pathlib import Path

import pytest

from ponder.evals.diversity.record import TaskDiversity
from ponder.evals.folder import About
from ponder.evals.formats import sample_row
from ponder.evals.graded import Graded
from ponder.evals.results import SCHEMA, Result, Sample
from ponder.evals.spec import Spec
from ponder.models.base import Usage
from ponder.tasks import CodeTask

PAGE = (Path(__file__).parents[2] / "docs/results-format.md").read_text()
FIELDS = {
    "## run.json": About("", "", Spec()).to_json(),
    "`spec`:": Spec().to_json(),
    "## results.jsonl": Result("").to_json(),
    "Each of `samples`:": Sample.__slots__,
    "`usage`, and each of `usage_by_kind`:": Usage.__slots__,
    "## samples.jsonl": sample_row(CodeTask("", ""), "", ""),
    "## diversity.jsonl": TaskDiversity("", "").to_json(),
    "## SAMPLES_graded.jsonl": Graded("", "", 1, "").to_json(),
}


@pytest.mark.parametrize("heading", FIELDS)
def test_every_field_is_described_in_its_order(heading: str) -> None:
    (_, text) = PAGE.split(f"\n{heading}\n")

    table = text[text.index("| field |") :].split("\n\n")[0]

    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == list(FIELDS[heading])


def test_the_number_of_the_schema_is_the_one_described() -> None:
    assert f"a whole number: it\nis {SCHEMA}." in PAGE
