"""The page on recycling, held against what it writes."""

import re
from dataclasses import fields
from pathlib import Path

from ponder.evals.recycling import RecycleSummary, recycled_row
from ponder.graphs import OPTIONS
from tests.graphs.test_reflect import context, run, teacher

PAGE = (Path(__file__).parents[2] / "docs/recycling.md").read_text()


def table(after: str) -> list[str]:
    text = PAGE.partition(after)[2]
    rows = text[text.index("| ") :].split("\n\n")[0]
    return [
        name
        for row in re.findall(r"^\| (`.*?) \|", rows, re.M)
        for name in re.findall(r"`(.*?)`", row)
    ]


async def test_every_field_of_a_row_is_described_in_its_order() -> None:
    given = context(teacher())
    solution = await run(given)

    assert table("`recycled.jsonl` has") == list(recycled_row(given.run(solution.run)))


def test_every_field_of_the_summary_is_described_in_its_order() -> None:
    assert table("(`--json`: one object)") == [field.name for field in fields(RecycleSummary)]


def test_every_option_is_described() -> None:
    described = [name.replace("-", "_") for name in table("nothing is paid again.")]

    assert described == list(OPTIONS["reflect"].model_fields)
