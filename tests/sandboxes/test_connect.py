"""From words to a sandbox; and which one is taken where none is named."""

import asyncio

import pytest

from ponder.errors import InputError, MissingError, SandboxError
from ponder.sandboxes import Program, Sandbox, connect
from ponder.sandboxes.auto import AutoSandbox
from ponder.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from ponder.sandboxes.docker_sandbox import DockerSandbox

HONEST = Program("def f(x):\n    return x + 1", "f")
CHECKER = "def check(candidate):\n    assert candidate(1) == 2\n\ncheck(f)"


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")


@pytest.fixture
def no_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("auto", AutoSandbox), ("docker", DockerSandbox), ("bubblewrap", BubblewrapSandbox)],
)
@pytest.mark.usefixtures("no_engine", "no_bubblewrap")
def test_connecting_looks_at_nothing_on_this_machine(name: str, kind: type) -> None:
    sandbox = connect(name)

    assert isinstance(sandbox, kind)
    assert isinstance(sandbox, Sandbox)
    assert sandbox.name == name
    assert sandbox.is_boundary
    sandbox.close()


def test_settings_reach_the_sandbox() -> None:
    sandbox = connect("docker:image=host:5000/my:tag,workers=4,runtime=runsc,isolation=container")

    assert isinstance(sandbox, DockerSandbox)
    assert sandbox.workers == 4
    assert (sandbox._image, sandbox._runtime) == ("host:5000/my:tag", "runsc")
    assert sandbox._life == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("podman", "sandbox 'podman' is not one of auto, docker, bubblewrap, subprocess"),
        ("", "sandbox '' is not one of"),
        ("docker:network=host", "'network' is not one of image, workers, runtime, isolation"),
        ("auto:image=x", "sandbox 'auto:image=x': 'image' is not one of workers"),
        ("bubblewrap:workers=0", "workers=0 must be a whole number above 0"),
        ("subprocess:workers=two", "workers=two must be a whole number above 0"),
        ("docker:isolation=vm", "isolation=vm must be pool"),
        ("docker:image=", "image= must be one word"),
        ("docker:4", "'4' must be KEY=VALUE, as in workers=4"),
        ("docker:", "'' must be KEY=VALUE"),
        ("docker:workers=1,workers=2", "workers is given twice"),
    ],
)
def test_a_sandbox_or_setting_that_is_none_is_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        connect(name)


@pytest.mark.usefixtures("no_engine", "no_bubblewrap")
async def test_without_any_boundary_auto_refuses_and_names_every_way_out() -> None:
    sandbox = connect("auto")

    for call in (sandbox.start(), sandbox.run(HONEST, [(1,)]), sandbox.check(HONEST, CHECKER)):
        with pytest.raises(MissingError) as refused:
            await call
        for way in ("docker.io", "install bubblewrap", "--sandbox subprocess"):
            assert way in str(refused.value)

    assert sandbox.name == "auto"


@pytest.mark.usefixtures("no_engine")
async def test_without_an_engine_auto_is_bubblewrap_decided_once() -> None:
    probe = BubblewrapSandbox(workers=1)
    try:
        probe.require()
    except MissingError as error:
        pytest.skip(str(error))
    sandbox = connect("auto:workers=1")
    assert isinstance(sandbox, AutoSandbox)

    ran = await asyncio.gather(*(sandbox.run(HONEST, [(n,)]) for n in range(4)))
    chosen = sandbox._chosen
    checked = await sandbox.check(HONEST, CHECKER)

    assert [one.outcomes[0].value for one in ran] == [1, 2, 3, 4]
    assert checked.outcomes[0].ended == "value"
    assert sandbox.name == "bubblewrap"
    assert sandbox._chosen is chosen
    sandbox.close()


@pytest.mark.docker
@pytest.mark.usefixtures("no_bubblewrap")
async def test_with_an_engine_auto_is_docker() -> None:
    sandbox = connect("auto:workers=1")

    await sandbox.start()

    assert sandbox.name == "docker"
    sandbox.close()


@pytest.mark.docker
async def test_an_engine_without_the_image_is_no_reason_for_another_sandbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ponder.sandboxes.docker_sandbox.tag", lambda: "ponder-sandbox:not-built")

    with pytest.raises(MissingError, match="run `ponder sandbox build`"):
        await connect("auto").start()


async def test_one_that_is_closed_before_it_is_decided_stays_closed() -> None:
    sandbox = connect("auto")
    sandbox.close()
    sandbox.close()

    with pytest.raises((SandboxError, MissingError), match=r"closed|no sandbox"):
        await sandbox.start()
