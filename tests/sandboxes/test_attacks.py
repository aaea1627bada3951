"""Every attack, on every boundary, and once more without the walls that hold it.

The second half is what says that the first can fail: an attack that does not win where the walls it
names are left out would prove nothing about them.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from ponder.sandboxes import Limits, Program, Sandbox
from ponder.sandboxes.attacks import ATTACKS, Attack, try_attack
from ponder.sandboxes.attacks.trial import LIMITS
from ponder.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from ponder.sandboxes.docker_sandbox import DockerSandbox

from .conftest import BOUNDARIES, make
from .naive import naive_loses_to

pytestmark = pytest.mark.attacks
PLAIN = [attack for attack in ATTACKS if not attack.already_out]
LOOSE = Limits(
    cpu_seconds=60,
    wall_seconds=60,
    memory_bytes=2**30,
    output_bytes=2**24,
    result_bytes=2**24,
)
OF_LIMITS = frozenset(name for name in Limits.__dataclass_fields__)
INSIDE = frozenset({"own process", "verdict on the host", "bounded reading"})


@pytest.fixture(scope="session", params=BOUNDARIES)
def boundary(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    made = make(request.param)
    yield made
    made.close()


@pytest.fixture(scope="module", autouse=True)
def canary() -> Iterator[None]:
    """Something of this machine's for attacks to find."""
    file = Path(f"/var/tmp/ponder-canary-{os.getpid()}")
    file.touch(0o644)
    os.environ["PONDER_CANARY"] = "chirp"
    yield
    del os.environ["PONDER_CANARY"]
    file.unlink()


def named(attack: Attack) -> str:
    return attack.name.replace(" ", "-")


@pytest.mark.parametrize("attack", PLAIN, ids=named)
async def test_an_attack_does_not_win(boundary: Sandbox, attack: Attack) -> None:
    trial = await try_attack(boundary, attack)

    assert not trial.won, trial


@pytest.mark.docker
async def test_a_container_that_runs_out_of_memory_loses_its_program_and_not_its_runner() -> None:
    (attack,) = (attack for attack in ATTACKS if attack.already_out)
    sandbox = DockerSandbox(workers=1, without=frozenset(attack.already_out))
    patient = replace(LIMITS, cpu_seconds=30, wall_seconds=30)

    trial = await try_attack(sandbox, attack, patient)
    sandbox.close()

    assert not trial.won, trial
    assert trial.said.startswith("memory_limit")


def _docker_or_bubblewrap(attack: Attack) -> list[Any]:
    """What only Docker stops is shown with Docker; the others are quicker shown without."""
    return [pytest.mark.docker if attack.only == "docker" else pytest.mark.bubblewrap]


OUTSIDE = [
    pytest.param(attack, id=named(attack), marks=_docker_or_bubblewrap(attack))
    for attack in ATTACKS
    if not INSIDE & set(attack.held_by) and attack.held_by != ("exact types",)
]


@pytest.mark.parametrize("attack", OUTSIDE)
async def test_an_attack_wins_without_the_walls_that_hold_it(attack: Attack) -> None:
    walls = frozenset((*attack.held_by, *attack.already_out))
    loosened = {name: getattr(LOOSE, name) for name in walls & OF_LIMITS}
    # Nor does time stop what is slow to win. (Others that win may leave nobody to say so: to wait
    # for them as long would only take time.)
    if walls & {"cpu_seconds", "wall_seconds"} or attack.already_out:
        loosened |= {"cpu_seconds": 60, "wall_seconds": 60}
    kind = DockerSandbox if attack.only == "docker" else BubblewrapSandbox
    sandbox = kind(workers=1, without=walls - OF_LIMITS)

    trial = await try_attack(sandbox, attack, replace(LIMITS, **loosened))
    sandbox.close()

    assert trial.won


ALONE = [
    pytest.param(attack, wall, id=f"{named(attack)}-{wall}", marks=_docker_or_bubblewrap(attack))
    for attack in ATTACKS
    for wall in attack.held_by
    if len(attack.held_by) > 1 and not OF_LIMITS & set(attack.held_by)
]


@pytest.mark.parametrize(("attack", "wall"), ALONE)
async def test_each_of_several_walls_holds_it_alone(attack: Attack, wall: str) -> None:
    kind = DockerSandbox if attack.only == "docker" else BubblewrapSandbox
    sandbox = kind(workers=1, without=frozenset(attack.held_by) - {wall})

    trial = await try_attack(sandbox, attack)
    sandbox.close()

    assert not trial.won, trial


@pytest.mark.parametrize(
    "attack",
    [a for a in ATTACKS if INSIDE & set(a.held_by) and not a.checked],
    ids=named,
)
def test_an_attack_wins_where_the_verdict_is_made_inside(attack: Attack) -> None:
    expected = attack.expected or tuple("secret" for _ in attack.inputs)

    assert naive_loses_to(attack.code, attack.inputs, expected)


@pytest.mark.bubblewrap
@pytest.mark.parametrize("attack", [a for a in ATTACKS if a.held_by == ("exact types",)], ids=named)
async def test_an_attack_wins_where_equal_is_enough(attack: Attack) -> None:
    sandbox = BubblewrapSandbox(workers=1)

    execution = await sandbox.run(Program(attack.code, "f"), attack.inputs)
    sandbox.close()

    assert tuple(outcome.value for outcome in execution.outcomes) == attack.expected


def test_all_that_the_sandbox_was_designed_against_is_here() -> None:
    numbers = {attack.number for attack in ATTACKS}

    # Killed clients and containers (38, 39) and honest programs (40) are tests of their own.
    assert numbers == {*range(38)}
    assert sum(attack.number == 0 for attack in ATTACKS) >= 20
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names)


def test_every_wall_is_named_by_an_attack() -> None:
    from ponder.sandboxes.attacks.attack import Wall

    assert {wall for attack in ATTACKS for wall in attack.held_by} == set(get_args(Wall))
