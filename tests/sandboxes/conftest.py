"""Every sandbox that can be had, for the suite that each must pass."""

import os
import warnings
from collections.abc import Iterator

import pytest

from ponder.sandboxes import Sandbox
from ponder.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from ponder.sandboxes.docker_sandbox import DockerSandbox
from ponder.sandboxes.subprocess_sandbox import SubprocessSandbox

SOMEBODY = 1_234_567
"""A uid that owns nothing: what bubblewrap does for a user who is not root."""


def unprivileged(without: frozenset[str] = frozenset()) -> BubblewrapSandbox:
    """bubblewrap as any user has it. Root's own Python may lie where others cannot read it."""
    if os.geteuid() != 0:
        return BubblewrapSandbox(workers=1, without=without)
    return BubblewrapSandbox(workers=1, without=without, python="/usr/bin/python3", user=SOMEBODY)


def make(name: str) -> Sandbox:
    """A sandbox with one worker, so that each program follows another."""
    if name == "docker":
        return DockerSandbox(workers=1)
    if name == "bubblewrap":
        return BubblewrapSandbox(workers=1)
    if name == "bubblewrap of a user":
        return unprivileged()
    with warnings.catch_warnings(action="ignore"):
        return SubprocessSandbox(workers=1)


BOUNDARIES = [
    pytest.param("docker", marks=pytest.mark.docker),
    pytest.param("bubblewrap", marks=pytest.mark.bubblewrap),
    pytest.param("bubblewrap of a user", marks=pytest.mark.bubblewrap),
]


@pytest.fixture(scope="session", params=["subprocess", *BOUNDARIES])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    made = make(request.param)
    yield made
    made.close()
