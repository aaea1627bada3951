"""What candidates do on generated inputs is compared by what their task takes to be the same."""

from ponder.nodes.behaviour import shown
from ponder.sandboxes import Outcome
from ponder.tasks import Comparison


def test_equal_sets_are_the_same_however_they_came_about() -> None:
    one, other = {8, 0}, {0, 8}
    assert list(one) != list(other)

    exact = Comparison()

    assert shown(Outcome("value", one), exact) == shown(Outcome("value", other), exact)


def test_types_are_told_apart_only_where_the_task_does() -> None:
    def agree(how: Comparison) -> bool:
        return shown(Outcome("value", 1), how) == shown(Outcome("value", True), how)

    assert not agree(Comparison())
    assert agree(Comparison(numbers_alike=True))


def test_failing_alike_is_agreement_too() -> None:
    crash = Outcome("crash", error="SIGSEGV")

    assert shown(crash, Comparison()) == "!crash"
