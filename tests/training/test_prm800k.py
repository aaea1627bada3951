"""PRM800K's rows as examples: which solutions a row becomes, and with which labels."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ponder.errors import InputError
from ponder.tasks import LabelledSolution, LabelledStep, RatedCompletion
from ponder.tasks.prm800k import Rating
from ponder.training import Bad, Example, read_examples
from ponder.training.prm800k import Account, Expand, Selection, graded, read_prm800k, trajectories
from ponder.training.rows import write_rows
from tests.support.prm800k import PHASE_1, PHASE_2, row, step, write


def read(path: Path, *rows: Any, bad: Bad | None = None, **select: Any) -> list[Example]:
    found = read_prm800k([write(path, *rows)], Selection(**select), bad=bad)
    return [example for example, _ in found]


def shown(examples: list[Example]) -> list[str]:
    """First words and labels, in short."""
    signs: dict[Any, str] = {"positive": "+", "neutral": "0", "negative": "-", None: "?"}
    return [
        " ".join(
            signs[label] + text.partition("\n")[0]
            for text, label in zip(one.steps, one.labels, strict=True)
        )
        for one in examples
    ]


def test_every_rated_alternative_is_a_solution_after_the_chosen_steps(tmp_path: Path) -> None:
    found = read(tmp_path, PHASE_1)

    assert shown(found) == [
        "+Add. -Two and three.",
        "+Add. 0Two and two. -So 6.",
        "+Add. 0Two and two. -So 5.",
        "+Add. 0Two and two. +Four. +Hence.",
        "+Add. 0Two and two. +Four. +So 4.",
    ]


def test_the_chosen_solution_alone_can_be_taken(tmp_path: Path) -> None:
    found = read(tmp_path, PHASE_1, PHASE_2, expand="chosen")

    assert shown(found) == ["+Add. 0Two and two. +Four. +So 4.", "+Add. ?Two. -So 5."]


def test_1_by_3_by_2_completions_are_the_6_solutions_that_openr_documents(tmp_path: Path) -> None:
    made = row(step("+a"), step("+b1", "0b2", "+b3"), step("-c1", "+c2", chosen=1))

    found = read(tmp_path, made, expand="product")

    assert shown(found) == [
        "+a +b1 -c1", "+a +b1 +c2", "+a 0b2 -c1", "+a 0b2 +c2", "+a +b3 -c1", "+a +b3 +c2",
    ]  # fmt: skip


def test_no_combination_goes_on_through_a_wrong_step(tmp_path: Path) -> None:
    made = row(step("+a"), step("+b1", "-b2", "+b3"), step("-c1", "+c2", chosen=1))

    found = read(tmp_path, made, expand="product")

    assert shown(found) == ["+a +b1 -c1", "+a +b1 +c2", "+a -b2", "+a +b3 -c1", "+a +b3 +c2"]


def test_a_row_of_too_many_combinations_is_left_out_and_counted(tmp_path: Path) -> None:
    account = Account()
    file = write(tmp_path, row(*[step("+a", "+b")] * 10), row(*[step("+a", "+b")] * 3))

    found = list(read_prm800k([file], Selection("product"), account=account))

    assert len(found) == 8
    assert account.left_out == {"more than 1000 combinations": 1}


RATINGS: st.SearchStrategy[Rating | None] = st.sampled_from([1, 0, -1, None])


@st.composite
def solutions(draw: st.DrawFn) -> LabelledSolution:
    """Any steps; of each completion the text is its place."""
    steps = []
    for number, ratings in enumerate(draw(st.lists(st.lists(RATINGS, max_size=3), max_size=5))):
        rated = tuple(RatedCompletion(f"{number}.{n}", one) for n, one in enumerate(ratings))
        chosen = draw(st.sampled_from([None, *range(len(rated))]))
        steps.append(LabelledStep(rated, chosen, draw(st.sampled_from([None, "human"]))))
    return LabelledSolution("q", "1", "", tuple(steps), "solution")


@given(solutions(), st.sampled_from(["chosen", "alternatives", "product"]))
def test_a_solution_ends_with_its_first_wrong_step(
    solution: LabelledSolution, expand: Expand
) -> None:
    for found in trajectories(solution, expand):
        assert found
        assert -1 not in [one.rating for one in found[:-1]]


@given(solutions())
def test_each_rated_completion_that_was_not_gone_on_with_ends_one_solution(
    solution: LabelledSolution,
) -> None:
    found = list(trajectories(solution, "alternatives"))

    [path] = list(trajectories(solution, "chosen")) or [()]
    ends = [one[-1].text for one in found if one != path]
    gone_through = {one.text for one in path}
    reached = solution.steps[: max(map(len, found), default=0)]
    assert sorted(ends) == sorted(
        each.text
        for step in reached
        for each in step.completions
        if each.rating is not None and each.text not in gone_through
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_quality_control_question": True}, "quality control"),
        ({"is_initial_screening_question": True, "generation": -1}, "screening"),
        ({"reason": "give_up"}, "unfinished (give_up)"),
        ({"reason": "bad_problem"}, "unfinished (bad_problem)"),
    ],
)
def test_rows_that_the_paper_does_not_count_are_left_out_and_counted(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    file = write(tmp_path, row(step("+a"), **change), PHASE_2)
    account = Account()

    found = list(read_prm800k([file], account=account))
    both = list(read_prm800k([file], Selection(checks=True, unfinished=True)))

    assert (len(found), len(both)) == (1, 2)
    assert account.left_out == {reason: 1}
    assert account.labels == {"positive": 1, "null": 1, "negative": 1}
    assert f"left out 1 rows: {reason}" in account.lines()


async def test_answers_are_graded_by_prm800k_s_own_grader(tmp_path: Path) -> None:
    file = write(tmp_path, PHASE_1, PHASE_2)

    found = [one async for one in graded(read_prm800k([file]))]

    answers = [(one.answer, one.correct) for one in found]
    # To that grader an integer is equal to integers alone.
    assert answers == [
        (None, None), (None, None), ("5", False), ("\\frac{8}{2}", False), ("4.0", True),
        ("5", False),
    ]  # fmt: skip
    assert found[-1].labels == ("positive", None, "negative")


async def test_what_is_written_is_read_again_as_it_was(tmp_path: Path) -> None:
    found = [one async for one in graded(read_prm800k([write(tmp_path, PHASE_1, PHASE_2)]))]

    write_rows(tmp_path / "out.jsonl", found)

    again = list(read_examples(tmp_path / "out.jsonl", need="labels"))
    assert [(e.steps, e.labels, e.correct) for e in again] == [
        (e.steps, e.labels, e.correct) for e in found
    ]


def test_a_bad_row_is_refused_with_file_and_line_or_left_out(tmp_path: Path) -> None:
    rows = [PHASE_2, row(step("+a", chosen=3)), row(step("+ ")), {"question": {}}, 7]

    with pytest.raises(InputError, match=r"labels.jsonl line 2: no labelled solution: .*chosen"):
        read(tmp_path, *rows)
    bad = Bad(skip=True)
    assert len(read(tmp_path, *rows, bad=bad)) == 1
    assert set(bad.counts) == {
        "no labelled solution", "a step is empty", "the field 'label' is missing", "not an object",
    }  # fmt: skip
