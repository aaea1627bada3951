"""The sandbox image: Debian with Python and nothing else, or any image with a Python, plus the
runner, and libraries that programs may import if they are asked for.

The runner is baked in rather than mounted, so that a remote engine works too. The image's tag is a
hash of the runner: an image of another version of ponder is never used by mistake. What else is in
it, its labels say.
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .. import tasks
from ..errors import InputError, MissingError

if TYPE_CHECKING:
    from .builder import Builder
    from .packages import Target

REPOSITORY = "ponder-sandbox"
DEBIAN = "python3-minimal,libpython3-stdlib,libseccomp2"
# A base's own entry point, health check or user would start other things than the runner.
RUNNER = """FROM {base}
USER 0:0
ENTRYPOINT []
HEALTHCHECK NONE
COPY *.py /ponder/
WORKDIR /
"""
# The root is read-only later: what Python would cache must be there. Some packages come with files
# that are templates, or for other versions, and do not compile.
LIBRARIES = """FROM {base}
COPY packages /ponder/packages
RUN ["python3", "-I", "-c", "{compile}"]
"""
COMPILE = "import compileall; compileall.compile_dir('/ponder/packages', quiet=2)"
PACKAGES, ASKED = "ponder.packages", "ponder.asked"
"""Labels: what is in /ponder/packages ("numpy==2.3.4 pandas==2.3.3"), and what was asked for."""
OLDEST = (3, 9)
PROBE = """
import ctypes, json, platform, sys
try:
    ctypes.CDLL("libseccomp.so.2")
    filters = True
except OSError:
    filters = False
print(json.dumps([sys.version_info[:2], platform.machine(), platform.libc_ver(), filters]))
"""
# What a program has no use for, in the image's root.
NEEDLESS = ("var/cache", "var/lib/apt", "usr/share/doc", "usr/share/man", "usr/share/locale")
Say = Callable[[str], None]


def tag() -> str:
    """The name of the image that fits this version's runner."""
    content = b"\0".join(text for _, text in sorted(_files().items()))
    return f"{REPOSITORY}:{hashlib.sha256(content).hexdigest()[:12]}"


def _files() -> dict[str, bytes]:
    """What the runner consists of: names in /ponder, and contents."""
    paths = [*(Path(__file__).parent / "inside").glob("*.py")]
    paths += [Path(tasks.__file__).parent / "values.py"]
    return {path.name: path.read_bytes() for path in paths if path.name != "__init__.py"}


def build(
    base: str | None = None,
    *,
    packages: str | None = None,
    force: bool = False,
    say: Say = print,
    name: str | None = None,
) -> str:
    """Make the image unless it is there, and return its name.

    `base` is any image with a `python3` of 3.9 or newer and libseccomp; without one, Debian is
    installed from its own packages by debootstrap (root; about a minute; no image registry is
    needed). `packages` names libraries on PyPI, as in "numpy,pandas>=2"; an image with others is
    replaced. `name` is another name than `tag()`.

    Raises:
        InputError: a base or a package that is none.
        MissingError: no engine, no debootstrap, not root; a base without what the runner needs; a
            package that cannot be had for the base's Python.
    """
    from .builder import Builder
    from .packages import requirements

    asked = None if packages is None else requirements(packages)
    if base is not None and (not base or any(character.isspace() for character in base)):
        raise InputError(f"--base {base!r} is not the name of an image")
    name = name or tag()
    with closing(Builder()) as builder:
        labels = builder.labels(name)
        if labels is None or force or asked not in (None, asked_of(labels)):
            return _build(builder, name, base or _debian(builder, force, say), asked or (), say)
    say(f"{name} is there already, {contents(labels)}")
    return name


def asked_of(labels: dict[str, str]) -> tuple[str, ...]:
    """The packages that were asked for when the image with these labels was built."""
    return tuple(labels.get(ASKED, "").split())


def contents(labels: dict[str, str]) -> str:
    """Which packages are in the image with these labels, in words."""
    return f"with {labels[PACKAGES]}" if labels.get(PACKAGES) else "without packages"


def _build(builder: "Builder", name: str, base: str, asked: tuple[str, ...], say: Say) -> str:
    """The image gets its name last: until then, and if anything fails, an earlier one has it."""
    stage = f"{REPOSITORY}:building-{os.urandom(4).hex()}"
    labels = {PACKAGES: "", ASKED: " ".join(asked)}
    try:
        with _context(RUNNER.format(base=base)) as context:
            _say_all(builder.make(context, stage, labels), say)
        target = _checked(builder, stage, base)
        if asked:
            labels[PACKAGES] = _add_packages(builder, stage, target, asked, say)
        builder.rename(stage, name)
    finally:
        builder.remove(stage)
    say(f"built {name}, {contents(labels)}")
    return name


def _add_packages(
    builder: "Builder", stage: str, target: "Target", asked: tuple[str, ...], say: Say
) -> str:
    """What the image has then, for its label."""
    from .packages import fetch

    with tempfile.TemporaryDirectory() as folder:
        say(f"fetching {' '.join(asked)} for {target} …")
        found = " ".join(fetch(asked, target, Path(folder)))
        with _context(LIBRARIES.format(base=stage, compile=COMPILE), Path(folder)) as context:
            _say_all(builder.make(context, stage, {PACKAGES: found}), say)
    return found


def _checked(builder: "Builder", image: str, base: str) -> "Target":
    """The Python in an image.

    Raises:
        MissingError: it lacks what the runner needs.
    """
    from .packages import Target

    if volumes := builder.volumes(image):
        raise MissingError(f"{base} has volumes ({' '.join(volumes)}): programs could write there")
    status, said = builder.ask(image, ["python3", "-I", "-B", "-c", PROBE])
    if status != 0:
        raise MissingError(f"{base} has no python3 with its standard library: {said[-200:]}")
    version, machine, (library, release), filters = json.loads(said)
    python = (version[0], version[1])
    if python < OLDEST:
        raise MissingError(f"{base} has Python {version[0]}.{version[1]}; 3.9 is the oldest we use")
    if not filters:
        raise MissingError(
            f"{base} lacks libseccomp.so.2, which makes the filter of system calls: take one that "
            "is based on Debian, such as python:3.12-slim, which has it, or make one of your own "
            "from it (Debian: apt-get install libseccomp2, Alpine: apk add libseccomp)"
        )
    glibc = tuple(map(int, release.split(".")[:2])) if library == "glibc" else None
    return Target(python, machine, (glibc[0], glibc[1]) if glibc else None)


@contextmanager
def _context(dockerfile: str, packages: Path | None = None) -> Iterator[IO[bytes]]:
    """A tar archive for the engine: the runner, or packages, and what to do with them."""
    from .packages import add_to

    files = {"Dockerfile": dockerfile.encode(), **({} if packages else _files())}
    with tempfile.TemporaryFile() as archive:
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, content in sorted(files.items()):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o444
                tar.addfile(entry, io.BytesIO(content))
            if packages:
                add_to(tar, packages)
        archive.seek(0)
        yield archive


def _say_all(lines: Iterator[str], say: Say) -> None:
    for line in lines:
        if line:
            say(line)


def _debian(builder: "Builder", force: bool, say: Say) -> str:
    """The tag of a minimal Debian with Python, made if need be."""
    suite = _suite()
    name = f"{REPOSITORY}-base:{suite}"
    if builder.image_id(name) and not force:
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
        with builder.importing(name) as archive, tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(root, ".")
    say(f"imported {name}")
    return name


def _debootstrap(suite: str, root: Path, say: Say) -> None:
    command = ["debootstrap", "--variant=minbase", f"--include={DEBIAN}", suite, str(root)]
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
