"""Examples in statements, as HumanEval writes them."""

from typing import Any

import pytest

from ponder.tasks.examples import read_examples


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        (">>> f([1, 2], 3)\n[3]", ([1, 2], 3), [3]),
        (">>> f('a # b')  # a note\n'x'", ("a # b",), "x"),
        ("f(1) == 2", (1,), 2),
        ("f(1) = 2", (1,), 2),
        ("* f([]) => []", ([],), []),
        ("f(1)==>True", (1,), True),
        ("f(5) ➞ [1, 2]  # because", (5,), [1, 2]),
        ('f("a(b") -> "c"', ("a(b",), "c"),
        ("f(19) ->19 - 5 - 6 = 8", (19,), 8),
        ("f('hi') returns 'lm'", ("hi",), "lm"),
        ("f(148, 412) should return 16.", (148, 412), 16),
        ('f(15)   # returns "db1111db"', (15,), "db1111db"),
        ("f('x.txt') # => 'Yes'", ("x.txt",), "Yes"),
        ("f([\n  [1, 2],\n  [3]\n], 1) == [(0, 0)]", ([[1, 2], [3]], 1), [(0, 0)]),
        ("f(1, 4) => true", (1, 4), True),
        ("misnamed([4.0, 3]) ==> ['A+', 'B']", ([4.0, 3],), ["A+", "B"]),
    ],
)
def test_an_example_is_read(text: str, given: tuple[Any, ...], expected: Any) -> None:
    (test,) = read_examples(text, "f")

    assert (test.input, test.expected) == (given, expected)


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ('For a = "AB" the output should be 1.', ("AB",), 1),
        ('For a = 150, the sum of digits will be 6 the output should be "110".', (150,), "110"),
        ("Input: 12\n    Output: (4, 6)", (12,), (4, 6)),
        ("Input: a = [1, 2]\nOutput: 24 # sum of 21 + 3", ([1, 2],), 24),
    ],
)
def test_an_example_may_name_its_input(text: str, given: tuple[Any, ...], expected: Any) -> None:
    (test,) = read_examples(text, "f", ("a",))

    assert (test.input, test.expected) == (given, expected)


def test_two_named_inputs_come_in_the_order_of_the_parameters() -> None:
    text = 'For s = "abcde", c = "ae", the result should be (\'bcd\',False)'

    (test,) = read_examples(text, "f", ("s", "c"))

    assert (test.input, test.expected) == (("abcde", "ae"), ("bcd", False))


@pytest.mark.parametrize(
    "text", ["f(x) == 2", "f(1) is nice", "f() returns the sum", "f(1) ==", "f(", "no example"]
)
def test_what_is_no_example_is_left_out(text: str) -> None:
    assert read_examples(text, "f") == ()


def test_an_example_given_twice_is_one_test() -> None:
    assert len(read_examples("f(1) == 2\nf(1) == 2\nf(2) == 3", "f")) == 2
