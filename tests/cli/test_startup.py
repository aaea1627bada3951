"""What an import loads: the heavy libraries only where they are used."""

import subprocess
import sys

import pytest

HEAVY = ["litellm", "torch", "transformers", "docker", "langgraph", "huggingface_hub", "xllamacpp"]


def loaded(code: str) -> set[str]:
    """The heavy libraries that are loaded once the code has run."""
    show = f"import sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{show}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_importing_ponder_loads_nothing_heavy() -> None:
    assert (
        loaded("import ponder, ponder.tasks, ponder.models, ponder.sandboxes, ponder.evals")
        == set()
    )


def test_the_help_loads_nothing_heavy() -> None:
    code = "from ponder.cli.app import main\ntry: main(['--help'])\nexcept SystemExit: pass"

    assert loaded(code) == set()


def test_a_context_loads_nothing_heavy() -> None:
    code = "from ponder.nodes import Context\nContext(model='ollama/x')"

    assert loaded(code) <= {"docker"}


@pytest.mark.parametrize("name", ["graphs", "nodes", "verifiers", "models", "tasks", "cli"])
def test_a_room_by_its_bare_name_fails_loudly(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {name}.app if '{name}' == 'cli' else {name}"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0


def test_every_name_of_the_evaluations_menu_is_there() -> None:
    code = (
        "import ponder.evals as e\nfor name in e.__all__: assert e.HOME[name] and getattr(e, name)"
    )

    assert "torch" not in loaded(code)
