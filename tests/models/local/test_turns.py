"""Taking turns at a model."""

import threading
import time

import pytest

from ponder.models.local.turns import Turns


def test_who_waits_is_served_before_who_has_just_been() -> None:
    turns = Turns()
    order = []

    def greedy() -> None:
        for _ in range(5):
            with turns:
                order.append("greedy")
                time.sleep(0.02)

    thread = threading.Thread(target=greedy)
    thread.start()
    time.sleep(0.03)
    with turns:
        order.append("patient")
    thread.join()

    assert order.index("patient") <= 3


def test_a_turn_is_given_back_when_its_block_fails() -> None:
    turns = Turns()

    with pytest.raises(ValueError, match="x"), turns:
        raise ValueError("x")

    with turns:
        pass
