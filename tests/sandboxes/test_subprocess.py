"""The sandbox that is no boundary says so."""

import pytest

from ponder.sandboxes import connect


def test_it_warns_that_it_keeps_nothing_in() -> None:
    with pytest.warns(UserWarning, match="keeps nothing in"):
        sandbox = connect("subprocess")

    assert not sandbox.is_boundary
