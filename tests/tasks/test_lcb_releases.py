"""Which of LiveCodeBench's problems a name means."""

import gzip
from pathlib import Path

import pytest

from ponder.errors import InputError, MissingError
from ponder.tasks import hub, load_dataset, load_task
from ponder.tasks.lcb_releases import read_release

from ..support.lcb import row, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six files of one problem each."""
    for number in range(1, 7):
        write(tmp_path / f"test{'' if number == 1 else number}.jsonl", row(f"p{number}"))
    return tmp_path


def ids(name: str, data: Path) -> str:
    """The problems' numbers."""
    return "".join(loaded.task.id[-1] for loaded in load_dataset(name, data))


@pytest.mark.parametrize(
    ("name", "problems"),
    [
        ("livecodebench", "123456"),
        ("livecodebench@release_latest", "123456"),
        ("livecodebench@release_v1", "1"),
        ("livecodebench@release_v3", "123"),
        ("livecodebench@v1", "1"),
        ("livecodebench@v6", "6"),
        ("livecodebench@v4_v6", "456"),
        ("livecodebench@v3_v3", "3"),
        ("livecodebench@rules=harness,v2,from=2024-01-01", "2"),
    ],
)
def test_a_release_is_the_files_up_to_it_and_a_version_its_own(
    folder: Path, name: str, problems: str
) -> None:
    assert ids(name, folder) == problems


def test_a_later_file_may_be_named_that_nobody_knows_yet(folder: Path) -> None:
    write(folder / "test7.jsonl", row("p7"))

    assert ids("livecodebench@v6_v7", folder) == "67"


def test_a_file_alone_is_itself_unless_another_is_asked_for(folder: Path) -> None:
    assert ids("livecodebench", folder / "test4.jsonl") == "4"
    assert ids("livecodebench@v4", folder / "test4.jsonl") == "4"
    with pytest.raises(InputError, match=r"@v5 is test5\.jsonl: --data .*test4\.jsonl must be the"):
        ids("livecodebench@v5", folder / "test4.jsonl")
    with pytest.raises(InputError, match=r"needs test8\.jsonl, which .* does not have"):
        ids("livecodebench@v8", folder)
    with pytest.raises(InputError, match="there is no file"):
        ids("livecodebench", folder / "absent.jsonl")


def test_files_may_be_compressed(tmp_path: Path) -> None:
    plain = write(tmp_path / "rows", row("p2"))
    (tmp_path / "test2.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))

    assert ids("livecodebench@v2", tmp_path) == "2"
    assert ids("livecodebench@v2", tmp_path / "test2.jsonl.gz") == "2"


@pytest.mark.parametrize(
    ("window", "problems"),
    [
        ("from=2024-05-01", "234"),
        ("to=2024-05-01", "12"),
        ("from=2024-05-01,to=2024-05-01", "2"),
        ("from=2024-05-02,to=2024-05-31", "4"),
        ("from=2025-01-01", ""),
    ],
)
def test_a_day_means_its_midnight_and_both_ends_count(
    tmp_path: Path, window: str, problems: str
) -> None:
    dates = ["2024-04-30T23:59:59", "2024-05-01T00:00:00", "2024-05-01T07:00:00", "2024-05-31"]
    rows = [row(f"p{number}", contest_date=date) for number, date in enumerate(dates, 1)]
    path = write(tmp_path / "test.jsonl", *rows)

    assert ids(f"livecodebench@{window}", path) == problems


def test_a_row_outside_the_window_is_not_unpacked(tmp_path: Path) -> None:
    path = write(tmp_path / "test.jsonl", row(private_test_cases="broken"), row("p2"))
    late = {**row("p3"), "contest_date": "2024-06-01T00:00:00"}
    path.write_text(path.read_text() + write(tmp_path / "late", late).read_text())

    assert ids("livecodebench@from=2024-06-01", path) == "3"
    assert load_task("livecodebench:p2", path).task.id == "livecodebench/p2"


def test_a_row_without_a_date_is_refused_where_dates_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "test.jsonl", row("p1", contest_date="May"))

    assert ids("livecodebench", path) == "1"
    with pytest.raises(InputError, match="line 1: Invalid isoformat string"):
        ids("livecodebench@to=2024-05-01", path)


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("v0", "'v0' is not one of release_v6, v6, v4_v6"),
        ("v6_v4", "'v6_v4' is not one of"),
        ("release_v3_v4", "'release_v3_v4' is not one of"),
        ("rules=mine", "'rules=mine' is not one of"),
        ("from=2024-5", "'2024-5' is not a day such as 2024-05-01"),
        ("v1,v2", "'v2' says again what is said already"),
        ("from=2024-05-02,to=2024-05-01", "it ends before it begins"),
        ("v1,", "'' is not one of"),
    ],
)
def test_a_name_that_means_nothing_is_refused(which: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_release(which)


def test_other_data_sets_have_no_releases(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gsm8k has no releases: leave out @v2"):
        load_task("gsm8k@v2:1", tmp_path)


def test_only_the_files_that_are_needed_come_from_the_hub(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    def snapshot_download(repository: str, *, repo_type: str, allow_patterns: list[str]) -> str:
        fetched.extend([repository, repo_type, *allow_patterns])
        return str(folder)

    monkeypatch.setattr(hub, "reached", lambda: True)
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)

    assert [loaded.task.id[-1] for loaded in load_dataset("livecodebench@v2_v3")] == ["2", "3"]
    assert fetched == [
        "livecodebench/code_generation_lite", "dataset", "test2.jsonl", "test3.jsonl",
    ]  # fmt: skip


def test_without_a_file_and_a_hub_the_user_is_told_what_to_fetch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    with pytest.raises(
        MissingError, match=r"@v6: the hub is not reached; fetch test\.jsonl, test2"
    ):
        load_task("livecodebench@v6:p6")
