"""Libraries that programs may import: fetched from PyPI on the host, for the image's Python.

Only wheels are taken, so that nothing of a package runs on the host. What a package needs on some
platforms or versions only, pip decides by the Python that it runs in and not by the image's
(https://github.com/pypa/pip/issues/11664): what it left out is looked for afterwards.
"""

import re
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from ..errors import InputError, MissingError

OLDEST = {"x86_64": 5, "i686": 5}
"""Minor version of the oldest glibc that wheels are built for; 17 on every other machine."""
NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""What wheels for these minor versions of glibc are also called (PEP 600)."""


@dataclass(frozen=True, slots=True)
class Target:
    """The Python that packages are fetched for."""

    python: tuple[int, int]
    machine: str
    """As `platform.machine()` has it."""
    glibc: tuple[int, int] | None
    """None where the C library is another."""

    def __str__(self) -> str:
        version = f", glibc {self.glibc[0]}.{self.glibc[1]}" if self.glibc else ""
        return f"Python {self.python[0]}.{self.python[1]} on {self.machine}{version}"


def requirements(asked: str) -> tuple[str, ...]:
    """What a list such as "numpy,pandas>=2,<3" asks for, sorted, each in its canonical form.

    Raises:
        InputError: one of them is not a name from PyPI with versions.
    """
    # A comma also stands between the versions of one package, and between its extras.
    parts = re.split(r",(?!\s*[<>=!~])(?![^\[]*\])", asked)
    return tuple(sorted({_requirement(part.strip()) for part in parts}))


def _requirement(text: str) -> str:
    try:
        read = Requirement(text)
    except InvalidRequirement:
        read = None
    if read is None or read.url or read.marker:
        raise InputError(f"package {text!r} must be a name with versions or without: numpy==2.1")
    extras = f"[{','.join(sorted(read.extras))}]" if read.extras else ""
    return f"{canonicalize_name(read.name)}{extras}{read.specifier}"


def fetch(asked: tuple[str, ...], target: Target, folder: Path) -> tuple[str, ...]:
    """Install what is asked, and what that needs, into an empty folder; what is there then, as
    sorted "name==version".

    Raises:
        MissingError: pip cannot: no such package, none built for the target, no network.
    """
    version = ".".join(map(str, target.python))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-compile"]
    command += ["--disable-pip-version-check", "--target", str(folder), "--only-binary=:all:"]
    command += ["--implementation", "cp", "--python-version", version]
    for name in platforms(target):
        command += ["--platform", name]
    done = subprocess.run([*command, *asked], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MissingError(f"pip cannot get {' '.join(asked)} for {target}: {_reason(done.stderr)}")
    found = {canonicalize_name(one.name): one for one in distributions(path=[str(folder)])}
    if lacking := sorted(_lacking(found, target)):
        raise MissingError(f"pip left out what {target} needs: ask for {','.join(lacking)} too")
    return tuple(sorted(f"{name}=={one.version}" for name, one in found.items()))


def _lacking(found: Mapping[NormalizedName, Distribution], target: Target) -> set[str]:
    """What the installed need on the target and have not."""
    version = ".".join(map(str, target.python))
    # What these leave out (the patch version, say) is as on this machine.
    there = {
        "python_version": version,
        "python_full_version": f"{version}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "platform_machine": target.machine,
        "platform_system": "Linux",
        "sys_platform": "linux",
        "os_name": "posix",
        "extra": "",
    }
    needs = [Requirement(text) for one in found.values() for text in one.requires or ()]
    return {
        canonicalize_name(need.name)
        for need in needs
        if canonicalize_name(need.name) not in found
        and (need.marker is None or need.marker.evaluate(there))
    }


def platforms(target: Target) -> list[str]:
    """The names of the platforms whose wheels run on the target, newest first.

    Raises:
        MissingError: PyPI has none that we know the names of.
    """
    if target.glibc is None or target.glibc[0] != 2:
        raise MissingError(
            f"packages are fetched for images with glibc, which this one ({target}) has not: "
            "take one that is based on Debian, such as python:3.12-slim"
        )
    names = []
    for minor in range(target.glibc[1], OLDEST.get(target.machine, 17) - 1, -1):
        names.append(f"manylinux_2_{minor}_{target.machine}")
        if minor in NAMES:
            names.append(f"{NAMES[minor]}_{target.machine}")
    return names


def _reason(said: str) -> str:
    """The last of pip's lines that says what is wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    # The last word on a conflict is a link; the line before says what it is about.
    telling = [line for line in errors if "ResolutionImpossible" not in line]
    return (telling or errors or lines or ["it does not say why"])[-1].removeprefix("ERROR: ")


def add_to(archive: tarfile.TarFile, folder: Path) -> None:
    """Put the installed packages into a build context, as root's, for reading only."""
    archive.add(folder, "packages", filter=_plain)


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    # pip's scripts name the Python of this machine, and are of no use inside.
    if entry.name == "packages/bin" or not (entry.isfile() or entry.isdir()):
        return None
    entry.mode = 0o555 if entry.isdir() else 0o444
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry
