"""Generated inputs."""

from hypothesis import given
from hypothesis import strategies as st

from ponder.tasks import CodeTask, Test, generate_inputs
from ponder.tasks.values import encode

ARGUMENT = st.one_of(
    st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=5), st.booleans(),
    st.dictionaries(st.text(max_size=2), st.floats(allow_nan=False), max_size=3),
)  # fmt: skip


@given(st.lists(st.tuples(ARGUMENT, ARGUMENT), max_size=3), st.integers(0, 9))
def test_they_are_new_all_different_and_of_the_same_shape(
    sources: list[tuple[object, object]], seed: int
) -> None:
    task = CodeTask("t", "s", "", "f", tuple(Test(source, None) for source in sources))

    inputs = generate_inputs(task, 8, seed)

    shown = [encode(one) for one in inputs]
    assert len(set(shown)) == len(shown)
    assert not set(shown) & {encode(source) for source in sources}
    assert all(len(one) == 2 for one in inputs)
    assert inputs == generate_inputs(task, 8, seed)


def test_text_inputs_keep_their_first_number() -> None:
    task = CodeTask("t", "s", public_tests=(Test("3\n1 2 3\n", ""),))

    inputs = generate_inputs(task, 8, 0)

    assert len(inputs) == 8
    assert all(one.startswith("3\n") for one in inputs)


def test_without_public_tests_there_are_none() -> None:
    assert generate_inputs(CodeTask("t", "s"), 8, 0) == []
