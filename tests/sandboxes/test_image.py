"""The image: what goes into it, what it must have, and the libraries that programs may import."""

import io
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from ponder.errors import InputError, MissingError
from ponder.sandboxes import Limits, Program, image
from ponder.sandboxes.builder import Builder
from ponder.sandboxes.docker_sandbox import DockerSandbox
from ponder.sandboxes.packages import Target, fetch, platforms, requirements

NAME, BASE = "ponder-sandbox-test:image", "ponder-sandbox-test:base"
HERE = Target((3, 11), "x86_64", (2, 36))
INSIDE = Path(image.__file__).parent / "inside"


def test_all_of_the_runner_is_in_the_image_and_in_its_name() -> None:
    files = image._files()

    assert set(files) == {path.name for path in INSIDE.glob("*.py")} - {"__init__.py"} | {
        "values.py"
    }
    with image._context("FROM x") as context, tarfile.open(fileobj=context) as tar:
        assert set(tar.getnames()) == {*files, "Dockerfile"}


# --- which packages, and for what ------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("numpy", ("numpy",)),
        ("pandas,numpy", ("numpy", "pandas")),
        ("numpy>=2, <3 ,sympy==1.13", ("numpy<3,>=2", "sympy==1.13")),
        ("Typing_Extensions", ("typing-extensions",)),
        ("a[y,x]~=1.0,a[y,x]~=1.0", ("a[x,y]~=1.0",)),
    ],
)
def test_requirements_are_read(asked: str, read: tuple[str, ...]) -> None:
    assert requirements(asked) == read


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "numpy,",
        "numpy=2",
        "-r requirements.txt",
        "--index-url=x",
        "numpy -e .",
        "./folder",
        "x @ file:///etc",
        "git+https://host/x",
        "numpy; python_version > '3'",
    ],
)
def test_what_is_no_requirement_is_refused_before_anything_is_built(asked: str) -> None:
    with pytest.raises(InputError, match="must be a name with versions or without"):
        image.build(packages=asked, name="must not:be reached")


def test_platforms_go_back_to_the_oldest_that_wheels_are_made_for() -> None:
    intel, arm = platforms(HERE), platforms(Target((3, 12), "aarch64", (2, 31)))

    assert intel[0] == "manylinux_2_36_x86_64"
    assert intel[-2:] == ["manylinux_2_5_x86_64", "manylinux1_x86_64"]
    assert {"manylinux2014_x86_64", "manylinux2010_x86_64"} < set(intel)
    assert arm[0] == "manylinux_2_31_aarch64"
    assert arm[-2:] == ["manylinux_2_17_aarch64", "manylinux2014_aarch64"]


def test_packages_need_an_image_with_glibc() -> None:
    with pytest.raises(MissingError, match="based on Debian"):
        platforms(Target((3, 12), "x86_64", None))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, and the only place where pip looks."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    put(folder, "pony", "pony")
    return folder


def put(shelf: Path, name: str, module: str, *needs: str, version: str = "1.0") -> None:
    """A wheel with one module in a package, a script, and a file that does not compile."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{module}/__init__.py": f"NAME = {name!r}\n",
        f"{module}/template.py": "{{ not Python }}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        + "".join(f"Requires-Dist: {need}\n" for need in needs),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}-script = {module}:main\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(shelf / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for file, content in files.items():
            wheel.writestr(file, content)


def test_what_pip_cannot_get_is_missing_and_says_why(shelf: Path, tmp_path: Path) -> None:
    (shelf / "source-1.0.tar.gz").write_bytes(b"would be run to be built")

    for asked in ("unheard-of", "source"):
        with pytest.raises(MissingError, match=f"3.11 on x86_64.*distribution found for {asked}"):
            fetch((asked,), HERE, tmp_path / "into")


def test_versions_that_contradict_each_other_are_named(shelf: Path, tmp_path: Path) -> None:
    put(shelf, "stable", "stable", "pony>=2")

    with pytest.raises(MissingError, match="stable"):
        fetch(("pony==1.0", "stable"), HERE, tmp_path / "into")


def test_what_is_needed_by_the_image_s_python_only_is_not_forgotten(
    shelf: Path, tmp_path: Path
) -> None:
    put(shelf, "stable", "stable", 'hay; python_version < "3.10"', 'pony; extra == "full"')
    put(shelf, "hay", "hay")

    assert fetch(("stable",), HERE, tmp_path / "new") == ("stable==1.0",)
    old = Target((3, 9), "x86_64", (2, 31))
    with pytest.raises(MissingError, match="ask for hay too"):
        fetch(("stable",), old, tmp_path / "old")
    assert fetch(("hay", "stable"), old, tmp_path / "both") == ("hay==1.0", "stable==1.0")


# --- the image itself -------------------------------------------------------------------------


@pytest.fixture
def builder() -> Iterator[Builder]:
    with closing(Builder()) as made:
        yield made
        made.remove(NAME)
        made.remove(BASE)


def labels(builder: Builder) -> tuple[str, str]:
    found = builder.labels(NAME) or {}
    return found[image.ASKED], found[image.PACKAGES]


@pytest.mark.docker
async def test_programs_can_import_the_packages_that_were_asked_for(
    shelf: Path, builder: Builder
) -> None:
    put(shelf, "stable", "stable", "pony")

    image.build(image.tag(), packages="stable", name=NAME, say=lambda _: None)

    assert labels(builder) == ("stable", "pony==1.0 stable==1.0")
    code = "import pony\ndef f():\n    return pony.NAME"
    with closing(DockerSandbox(NAME, workers=1)) as sandbox:
        ran = await sandbox.run(Program(code, "f"), [()], Limits())
    assert ran.outcomes[0].value == "pony", ran.outcomes[0]
    look = "find /ponder '(' ! -user root -o -perm /6022 -o -name '*script*' ')' -print"
    assert builder.ask(NAME, ["sh", "-c", look]) == (0, "")
    status, found = builder.ask(NAME, ["find", "/ponder/packages", "-name", "*.pyc"])
    assert status == 0
    assert "pony/__pycache__/__init__" in found


@pytest.mark.docker
def test_an_image_is_kept_until_other_packages_are_asked_for(shelf: Path, builder: Builder) -> None:
    said: list[str] = []

    def build(packages: str | None = None, *, force: bool = False) -> str:
        said.clear()
        image.build(image.tag(), packages=packages, force=force, name=NAME, say=said.append)
        return said[-1]

    put(shelf, "hay", "hay")
    first = builder.image_id(build("pony") and NAME)

    assert build() == f"{NAME} is there already, with pony==1.0"
    assert build("pony") == f"{NAME} is there already, with pony==1.0"
    with pytest.raises(MissingError, match="unheard-of"):
        build("unheard-of")
    assert builder.image_id(NAME) == first
    assert build("hay,pony") == f"built {NAME}, with hay==1.0 pony==1.0"
    assert builder.labels(str(first)) is None, "what has no name any more is removed"
    assert build(force=True) == f"built {NAME}, without packages"
    assert labels(builder) == ("", "")


OLD = '[[3, 8], \\"x86_64\\", [\\"glibc\\", \\"2.31\\"], true]'
LACKING = {
    "lacks libseccomp.so.2": "RUN find / -xdev -name 'libseccomp*' -delete",
    "has no python3": "RUN rm /usr/bin/python3",
    r"has Python 3\.8": f"RUN printf '#!/bin/sh\\necho %s\\n' \"'{OLD}'\" > /usr/bin/python3",
    "has volumes": "VOLUME /data",
}


@pytest.mark.docker
@pytest.mark.parametrize("message", LACKING)
def test_a_base_without_what_the_runner_needs_is_refused(message: str, builder: Builder) -> None:
    dockerfile = f"FROM {image.tag()}\n{LACKING[message]}\n".encode()
    client = docker.from_env()
    client.images.build(fileobj=io.BytesIO(dockerfile), tag=BASE, rm=True)
    client.close()

    with pytest.raises(MissingError, match=message):
        image.build(BASE, name=NAME, say=lambda _: None)

    assert builder.image_id(NAME) is None


@pytest.mark.docker
def test_a_base_that_starts_something_else_starts_the_runner_now(builder: Builder) -> None:
    dockerfile = f'FROM {image.tag()}\nENTRYPOINT ["false"]\nUSER nobody\n'.encode()
    client = docker.from_env()
    client.images.build(fileobj=io.BytesIO(dockerfile), tag=BASE, rm=True)
    client.close()

    image.build(BASE, name=NAME, say=lambda _: None)

    assert builder.ask(NAME, ["id", "-u"]) == (0, "0\n")


@pytest.mark.docker
@pytest.mark.parametrize("base", ["-x", "no such", "", "Upper:case"])
def test_a_base_that_is_no_image_is_one_clear_error(base: str, builder: Builder) -> None:
    with pytest.raises((InputError, MissingError), match=r"not the name of an image|not built"):
        image.build(base, name=NAME, say=lambda _: None)

    assert builder.image_id(NAME) is None
