"""The sandbox that is no boundary says so, and is never taken by itself."""

import pytest
from ponder.errors import InputError
from ponder.sandboxes import connect
from ponder.sandboxes.docker_sandbox import DockerSandbox


def test_it_warns_that_it_keeps_nothing_in() -> None:
    with pytest.warns(UserWarning, match="keeps nothing in"):
        sandbox = connect("subprocess")

    assert not sandbox.is_boundary


def test_auto_is_docker_or_nothing() -> None:
    assert isinstance(connect("auto"), DockerSandbox)


def test_an_unknown_sandbox_is_refused() -> None:
    with pytest.raises(InputError, match="'podman' is not one of auto, docker, subprocess"):
        connect("podman")
