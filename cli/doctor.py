"""`ponder doctor`: what this machine has, what it lacks, and how to mend it."""

import asyncio
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from ..errors import InputError, MissingError
from .solve import DEFAULT_MODEL

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "MISTRAL_API_KEY", "HF_TOKEN")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `ok` None means that it is not needed for the model asked."""

    name: str
    ok: bool | None
    says: str


def doctor(
    model: Annotated[
        str, typer.Option(envvar="PONDER_MODEL", help="The model that you mean to use.")
    ] = DEFAULT_MODEL,
) -> int:
    """Check what solving a task needs (Docker or bubblewrap, the image, weights, keys), and say how
    to mend each.

    Exit codes: 0 all is there, 3 something is missing.
    """
    findings = list(_findings(model))
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark = {True: "ok     ", False: "MISSING", None: "-      "}[finding.ok]
        print(f"{mark}  {finding.name:<{width}}  {finding.says}")
    return 3 if any(finding.ok is False for finding in findings) else 0


def _findings(model: str) -> Iterator[Finding]:
    yield Finding("python", True, sys.version.split()[0])
    yield from _sandboxes()
    yield _checked(f"model {model}", lambda: _model(model))
    yield from _weights(model)
    yield from _extras()
    for key in KEYS:
        yield Finding(key, True if os.environ.get(key) else None, _key(key))


def _sandboxes() -> Iterator[Finding]:
    """Docker or bubblewrap: where one can be had, the other is not missing."""
    bubblewrap = _checked("bubblewrap", _bubblewrap)
    yield from _docker(needed=not bubblewrap.ok)
    yield replace(bubblewrap, ok=bubblewrap.ok or None)
    if shutil.which("debootstrap") is None:
        yield Finding("debootstrap", None, "only to build the image: apt-get install debootstrap")


def _bubblewrap() -> str:
    from ..sandboxes.bubblewrap_sandbox import BubblewrapSandbox

    with closing(BubblewrapSandbox(workers=1)) as sandbox:
        sandbox.require()
    return "works here, for machines without Docker"


def _docker(needed: bool) -> Iterator[Finding]:
    from ..sandboxes.builder import Builder
    from ..sandboxes.docker_sandbox import DockerSandbox
    from ..sandboxes.image import PACKAGES, tag

    def image() -> str:
        with closing(DockerSandbox(workers=1)) as sandbox:
            sandbox.require()
        return tag()

    try:
        builder = Builder()
    except MissingError as error:
        missing = False if needed else None
        yield Finding("engine", missing, str(error))
        yield Finding("image", missing, "cannot be seen without an engine")
        return
    with closing(builder):
        yield Finding("engine", True, f"Docker {builder.version()}")
        yield _checked("image", image)
        if (labels := builder.labels(tag())) is not None:
            here = labels.get(PACKAGES)
            how = "none: for some, ponder sandbox build --packages numpy,…"
            yield Finding("packages", True if here else None, here or how)


def _weights(model: str) -> Iterator[Finding]:
    from ..models.weights import KNOWN, state

    for weights in KNOWN.values():
        name = f"embedded/{weights.name}"
        if name != model:
            here = state(weights)
            yield Finding(
                f"weights {name}",
                True if here == "ready" else None,
                here if here == "ready" else f"{here}: ponder models pull {name}",
            )


def _model(name: str) -> str:
    from ..models import connect

    model = connect(name)
    if name.startswith("embedded/"):
        _require("xllamacpp", "embedded")
        return "weights are here, and right"
    if name.startswith("transformers/"):
        _require("torch", "local")
        _require("transformers", "local")
        return "torch and transformers are here (not loaded: that takes a while)"
    asyncio.run(model.ready())
    return "LiteLLM knows it (not called: that might cost)"


def _require(library: str, extra: str) -> None:
    if importlib.util.find_spec(library) is None:
        raise MissingError(f"pip install 'ponder[{extra}]'")


EXTRAS = {
    "reward models": ("torch", "local", "prm:… and orm:… verifiers can be loaded"),
    "math answers": ("math_verify", "math", "answers to questions can be compared"),
}


def _extras() -> Iterator[Finding]:
    """What only some graphs and verifiers need."""
    for name, (library, extra, says) in EXTRAS.items():
        here = importlib.util.find_spec(library) is not None
        yield Finding(
            name,
            here or None,
            says if here else f"only for questions: pip install 'ponder[{extra}]'",
        )


def _key(name: str) -> str:
    return "is set" if os.environ.get(name) else f"for models that need it: export {name}=…"


def _checked(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, look())
    except (MissingError, InputError) as error:
        return Finding(name, False, str(error))
