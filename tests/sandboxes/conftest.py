"""Every sandbox that can be had, for the suite that each must pass."""

import warnings
from collections.abc import Iterator

import pytest
from ponder.sandboxes import Sandbox
from ponder.sandboxes.docker_sandbox import DockerSandbox
from ponder.sandboxes.subprocess_sandbox import SubprocessSandbox


@pytest.fixture(
    scope="session",
    params=["subprocess", pytest.param("docker", marks=pytest.mark.docker)],
)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    made: Sandbox
    if request.param == "docker":
        made = DockerSandbox(workers=1)
    else:
        with warnings.catch_warnings(action="ignore"):
            made = SubprocessSandbox(workers=1)
    yield made
    made.close()
