"""The sandbox image: Debian with Python and nothing else, or any image with a Python, plus the
runner.

The runner is baked in rather than mounted, so that a remote engine works too. The image's tag is a
hash of the runner: an image of another version of ponder is never used by mistake.
"""

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from .. import tasks
from ..errors import InputError, MissingError

if TYPE_CHECKING:
    from .engine import Engine

REPOSITORY = "ponder-sandbox"
PACKAGES = "python3-minimal,libpython3-stdlib"
DOCKERFILE = "FROM {base}\nCOPY runner.py candidate.py values.py /ponder/\nWORKDIR /\n"
# What a program has no use for, in the image's root.
NEEDLESS = ("var/cache", "var/lib/apt", "usr/share/doc", "usr/share/man", "usr/share/locale")
Say = Callable[[str], None]


def tag() -> str:
    """The name of the image that fits this version's runner."""
    content = b"\0".join(text for _, text in sorted(_files().items()))
    return f"{REPOSITORY}:{hashlib.sha256(content).hexdigest()[:12]}"


def _files() -> dict[str, bytes]:
    inside = Path(__file__).parent / "inside"
    return {
        "runner.py": (inside / "runner.py").read_bytes(),
        "candidate.py": (inside / "candidate.py").read_bytes(),
        "values.py": (Path(tasks.__file__).parent / "values.py").read_bytes(),
    }


def build(base: str | None = None, *, force: bool = False, say: Say = print) -> str:
    """Make the image unless it is there, and return its tag.

    `base` is any image with a `python3` of 3.9 or newer; without one, Debian is installed from its
    own packages by debootstrap (root; about a minute; no image registry is needed).

    Raises:
        MissingError: no engine, no debootstrap, or not root.
    """
    from .engine import Engine

    with closing(Engine()) as engine:
        return _build(engine, base, force, say)


def _build(engine: "Engine", base: str | None, force: bool, say: Say) -> str:
    name = tag()
    if engine.image_id(name) and not force:
        say(f"{name} is there already")
        return name
    if base is None:
        base = _debian(engine, force, say)
    for line in engine.build(_context(base), name):
        if line:
            say(line)
    say(f"built {name}")
    return name


def _context(base: str) -> bytes:
    if any(character.isspace() for character in base):
        raise InputError(f"--base {base!r} is not the name of an image")
    files = {**_files(), "Dockerfile": DOCKERFILE.format(base=base).encode()}
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o444
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def _debian(engine: "Engine", force: bool, say: Say) -> str:
    """The tag of a minimal Debian with Python, made if need be."""
    suite = _suite()
    name = f"{REPOSITORY}-base:{suite}"
    if engine.image_id(name) and not force:
        return name
    if shutil.which("debootstrap") is None:
        raise MissingError(
            "debootstrap is not installed: apt-get install debootstrap, or give --base with any "
            "image that has Python, such as python:3.12-slim"
        )
    if os.geteuid() != 0:
        raise MissingError("debootstrap needs root: use sudo, or give --base python:3.12-slim")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        say(f"installing Debian {suite} with Python (about a minute) …")
        _debootstrap(suite, root, say)
        _trim(root)
        with engine.importing(name) as archive, tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(root, ".")
    say(f"imported {name}")
    return name


def _debootstrap(suite: str, root: Path, say: Say) -> None:
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(root)]
    mirror = next(_mirrors(), None)
    process = subprocess.run(
        [*command, *([mirror] if mirror else [])], capture_output=True, text=True, check=False
    )
    if process.returncode != 0:
        last = (process.stdout + process.stderr).strip().splitlines()[-1:]
        raise MissingError(f"debootstrap failed: {' '.join(last)}")


def _trim(root: Path) -> None:
    for name in NEEDLESS:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir(parents=True, exist_ok=True)
    for path in root.rglob("*"):
        mode = path.lstat().st_mode
        if path.is_file() and not path.is_symlink() and mode & 0o6000:
            path.chmod(mode & 0o777)  # nobody inside becomes somebody else
    # The root is read-only later: what Python would cache must be there.
    libraries = [f"/{path.relative_to(root)}" for path in root.glob("usr/lib/python3*")]
    subprocess.run(
        ["chroot", root, "python3", "-m", "compileall", "-q", *libraries],
        check=False,
        capture_output=True,
    )


def _suite() -> str:
    """This machine's Debian release, or a known one elsewhere."""
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return "bookworm"
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    name = fields.get("VERSION_CODENAME", "").strip('"')
    return name if fields.get("ID", "").strip('"') == "debian" and name else "bookworm"


def _mirrors() -> Iterator[str]:
    """The package sources of this machine, so that a mirror set up for apt serves here too."""
    for path in sorted(Path("/etc/apt").glob("sources.list*")) + sorted(
        Path("/etc/apt/sources.list.d").glob("*.sources")
    ):
        if not path.is_file():
            continue
        for line in path.read_text().splitlines():
            words = line.split()
            if words[:1] == ["URIs:"] or words[:1] == ["deb"]:
                yield from (w for w in words[1:] if w.startswith(("http://", "https://")))
