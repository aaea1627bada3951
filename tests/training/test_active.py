import pytest

from ponder.errors import InputError
from ponder.training import Example, choose, uniform


def solution(question: str, name: str, correct: bool | None = True) -> Example:
    return Example(question, (name,), correct=correct)


POOL = [
    solution("p", "right, dull", True),
    solution("p", "wrong, dull", False),
    solution("p", "right, convincing", True),
    solution("p", "wrong, convincing", False),
    solution("q", "wrong, best of all", False),
    solution("q", "right, best of all", True),
]
SCORES = [0.2, 0.1, 0.9, 0.8, 0.95, 0.99]


def names(examples: tuple[Example, ...]) -> list[str]:
    return [one.steps[0] for one in examples]


def test_of_five_solutions_four_are_the_most_convincing_wrong_ones() -> None:
    pool = [solution("p", f"{n}", correct=n % 2 == 0) for n in range(20)]

    chosen = choose(pool, [n / 20 for n in range(20)], each=5)

    assert names(chosen.examples) == ["19", "17", "15", "13", "18"]
    assert chosen.wrong == 4


def test_the_fifth_may_be_wrong_too() -> None:
    pool = [solution("p", f"{n}", correct=n < 5) for n in range(20)]

    chosen = choose(pool, [n / 20 for n in range(20)], each=5)

    assert chosen.wrong == 5


def test_a_total_is_of_all_questions_together() -> None:
    chosen = choose(POOL, SCORES, total=2, wrong=1.0)

    assert names(chosen.examples) == ["wrong, best of all", "wrong, convincing"]


def test_each_question_has_its_own_share() -> None:
    chosen = choose(POOL, SCORES, each=1)

    assert names(chosen.examples) == ["wrong, convincing", "wrong, best of all"]


def test_where_too_few_are_wrong_what_remains_takes_their_places() -> None:
    chosen = choose(POOL[4:], SCORES[4:], each=5)

    assert names(chosen.examples) == ["wrong, best of all", "right, best of all"]


def test_what_cannot_be_judged_is_left_out_and_counted() -> None:
    pool = [solution("p", "a"), solution("p", "b", None), solution("p", "c"), solution("p", "a")]

    chosen = choose(pool, [0.5, 0.9, None, 0.4], each=4)

    assert names(chosen.examples) == ["a"]
    assert chosen.left_out.total() == 3
    assert len(chosen.left_out) == 3


def test_of_equal_scores_the_earlier_comes_first() -> None:
    pool = [solution("p", name, False) for name in "abc"]

    assert names(choose(pool, [0.5, 0.5, 0.5], total=2).examples) == ["a", "b"]


def test_uniform_choice_is_the_same_for_a_seed_and_takes_no_solution_twice() -> None:
    pool = [solution("p", f"{n}") for n in range(9)] + [solution("q", "only")]

    chosen = uniform(pool, each=4, seed=1)

    assert chosen == uniform(pool, each=4, seed=1)
    assert chosen != uniform(pool, each=4, seed=2)
    assert len({one.steps for one in chosen.examples}) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "give one of"),
        ({"each": 1, "total": 1}, "give one of"),
        ({"each": 0}, "must be 1 or more"),
        ({"total": 1, "wrong": 1.5}, "from 0 to 1"),
    ],
)
def test_what_cannot_be_chosen_is_refused(arguments: dict[str, float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        choose(POOL, SCORES, **arguments)  # type: ignore[arg-type]


def test_a_score_is_needed_for_every_solution() -> None:
    with pytest.raises(InputError, match="5 scores of 6 solutions"):
        choose(POOL, SCORES[:5], each=1)
