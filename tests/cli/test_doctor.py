"""`ponder doctor`, `ponder models`, `ponder sandbox`."""

from pathlib import Path

import pytest

from ponder.errors import MissingError
from ponder.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from tests.cli.conftest import Ponder


def test_the_doctor_says_what_is_missing_and_how_to_mend_it(
    ponder: Ponder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    monkeypatch.setenv("PATH", "/nowhere")  # and no bubblewrap
    monkeypatch.setenv("PONDER_HOME", str(tmp_path))

    ended = ponder("doctor", "--model", "embedded/smollm2-135m")

    assert ended.code == 3
    assert "MISSING  engine" in ended.out
    assert "apt-get install docker.io" in ended.out
    assert "-        bubblewrap" in ended.out
    assert "apt-get install bubblewrap" in ended.out
    assert "ponder models pull smollm2-135m" in ended.out


def test_an_engine_is_not_missing_where_bubblewrap_works(
    ponder: Ponder, monkeypatch: pytest.MonkeyPatch
) -> None:
    bubblewrap = BubblewrapSandbox(workers=1)
    try:
        bubblewrap.require()
    except MissingError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")

    ended = ponder("doctor", "--model", "hosted_vllm/x")

    assert ended.code == 0
    assert "ok       bubblewrap" in ended.out
    assert "-        engine" in ended.out


def test_the_doctor_knows_which_key_a_model_needs(
    ponder: Ponder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)

    ended = ponder("doctor", "--model", "anthropic/claude-sonnet-4-5")

    assert ended.code == 3
    assert "set ANTHROPIC_API_KEY" in ended.out


@pytest.mark.docker
@pytest.mark.model
def test_the_doctor_finds_nothing_missing_where_nothing_is(ponder: Ponder) -> None:
    ended = ponder("doctor", "--model", "embedded/smollm2-135m")

    assert ended.code == 0
    assert "MISSING" not in ended.out
    assert "  packages " in ended.out


def test_the_list_names_every_model_and_its_state(
    ponder: Ponder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PONDER_HOME", str(tmp_path))

    ended = ponder("models", "list")

    assert ended.code == 0
    assert ended.out.count("missing") == ended.out.count("embedded/") == 3


@pytest.mark.docker
def test_an_image_that_is_there_is_not_built_again(ponder: Ponder) -> None:
    ended = ponder("sandbox", "build")

    assert ended.code == 0
    assert "is there already, with" in ended.out  # with numpy==…, or without packages


@pytest.mark.docker
def test_a_base_that_is_no_image_is_refused(ponder: Ponder) -> None:
    ended = ponder("sandbox", "build", "--base", "no/such image", "--force")

    assert ended.code == 2
    assert "is not the name of an image" in ended.err


@pytest.mark.bubblewrap
def test_attacks_are_tried_on_a_users_own_sandbox(ponder: Ponder) -> None:
    ended = ponder("sandbox", "attack", "--sandbox", "bubblewrap", "--only", "fork")

    assert ended.code == 0
    assert "held" in ended.out
    assert ended.out.splitlines()[-1] == "bubblewrap: 0 of 2 attacks win"


def test_attacks_are_not_tried_where_they_would_win(ponder: Ponder) -> None:
    with pytest.warns(UserWarning, match="keeps nothing in"):
        ended = ponder("sandbox", "attack", "--sandbox", "subprocess")

    assert ended.code == 2
    assert "keeps nothing in" in ended.err
