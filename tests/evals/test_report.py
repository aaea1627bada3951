"""The report: what a page has in it, what can never be in it, and what it leaves out."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError, StoreError
from ponder.evals.folder import About, RunFolder
from ponder.evals.report import sources, write_report
from ponder.evals.report.embed import inline, unpacked
from ponder.evals.report.fit import bound
from ponder.evals.report.visible import visible
from ponder.evals.results import Result
from ponder.evals.spec import Spec
from ponder.models import Store, Usage
from ponder.nodes import Thought
from ponder.nodes.thought import verdict_to_json
from ponder.tasks import CodeTask, task_to_json
from ponder.verifiers import Verdict
from tests.support.results import result

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)><!-- ]]> &lt;",
    "\x1b[31mred\x00\x7f \u202egnol\u202c \ud83d \ufeff\u2028",
)


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text of its scripts by id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str, str] = {}
        self._in = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = dict(attrs).get("id") or "code" if tag in ("script", "style") else ""
        self._in = "style" if tag == "style" else self._in

    def handle_data(self, data: str) -> None:
        if self._in:
            self.scripts[self._in] = self.scripts.get(self._in, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._in = ""


def run(folder: Path, tasks: int = 1, text: str = "Think.", name: str = "arm") -> Path:
    """A run of tasks with a thought, a plan with the text and a program each."""
    path = folder / name
    rows = RunFolder(path, About(f"{name}{text[:40] * (text in HOSTILE)}", "set", Spec(model=text)))
    store = Store(path / "store.sqlite")
    for number in range(tasks):
        key, task = f"key-{number}", CodeTask(f"t/{number}", text or "Do it.", entry_point="solve")
        store.put_record(key, "run", "", {"task": task_to_json(task)})
        thoughts = [
            Thought("o1", "observation", text),
            Thought("o1/plan", "plan", text, ("o1",), usage=Usage(2, 10, 5, 0.1, 1.0)),
            Thought("o2", "observation", "", failure=f"refused: {text}"),
            Thought("s1", "code", f"x = 1  # {text}", ("o1/plan",), faults=(text,)),
        ]
        for thought in thoughts:
            store.put_latest(key, "thought", thought.id, thought.to_json())
        store.put_record(
            key, "verdict", "s1", verdict_to_json(Verdict(0.5, False, text, (0.1, 0.9)))
        )
        for place, said in (("o1/plan", "first"), ("o1/plan~2", text), ("s1", text)):
            system = {"role": "system", "content": "Be brief."}
            asked = {"messages": [system, {"role": "user", "content": said}], "temperature": 0.9}
            store.put_reply(
                f"{key}{place}", task=task.id, path=place, model="m", request=asked, reply={}
            )
        rows.add(result(task.id, [number % 2 == 0], solved=number % 2 == 0, run=key, chosen="s1"))
    store.close()
    rows.close()
    return path


def page(folder: Path, out: Path, **options: Any) -> Elements:
    write_report(sources([folder]), out, **options)
    return Elements(out.read_text())


def search(elements: Elements, run: int = 0, task: int = 0) -> dict[str, Any]:
    data: dict[str, Any] = unpacked(elements.scripts[f"s-{run}-{task}"])
    return data


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_model_becomes_part_of_the_page(tmp_path: Path, text: str) -> None:
    plain, hostile = run(tmp_path / "a"), run(tmp_path / "b", text=text)

    expected = page(plain, tmp_path / "a.html").tags
    found = page(hostile, tmp_path / "b.html").tags

    assert [tag for tag, _ in found] == [tag for tag, _ in expected]
    assert not any(name.startswith("on") for _, attributes in found for name in attributes)


def test_a_page_may_run_its_own_script_and_load_nothing(tmp_path: Path) -> None:
    elements = page(run(tmp_path), tmp_path / "r.html")

    policies = [dict(a).get("content") for tag, a in elements.tags if "http-equiv" in dict(a)]
    script = base64.b64encode(hashlib.sha256(elements.scripts["code"].encode()).digest()).decode()
    style = base64.b64encode(hashlib.sha256(elements.scripts["style"].encode()).digest()).decode()
    assert policies == [
        f"default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    ]
    assert not any({"src", "style"} & set(attributes) for _, attributes in elements.tags)


def test_the_script_has_no_way_to_read_markup() -> None:
    folder = Path(__file__).parents[2] / "evals/report/page"

    for file in folder.glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|DOMParser|createContextual|eval\(|"
            r"new Function|setHTML|import\(|fetch\(|XMLHttp|WebSocket|https?://(?!www\.w3\.org)",
            file.read_text(),
        ), file.name


def test_what_cannot_be_seen_is_spelled_out() -> None:
    assert visible("\x1b[0m\x00\x7f") == "␛[0m␀␡"
    assert visible("\u202eab\ud800\ufeff\u2028") == "⟦U+202E⟧ab⟦U+D800⟧⟦U+FEFF⟧⟦U+2028⟧"
    assert visible("a\tb\r\nc\rd\n") == "a\tb\nc\nd\n"
    assert visible("\U0001f468\u200d\U0001f4bb é 日本") == "\U0001f468\u200d\U0001f4bb é 日本"


def test_inline_data_has_no_markup_and_survives() -> None:
    text = inline({"a": HOSTILE[0], "b": [float("inf"), 1.5]})

    assert not set("<>&") & set(text)
    assert text.isascii()
    assert json.loads(text) == {"a": HOSTILE[0], "b": [None, 1.5]}


def test_a_search_is_there_with_texts_prompts_verdicts_and_costs(tmp_path: Path) -> None:
    data = search(page(run(tmp_path, text="Words."), tmp_path / "r.html"))

    thoughts = {one["i"]: one for one in data["thoughts"]}
    assert thoughts["o1/plan"]["t"] == "Words."
    assert thoughts["o1/plan"]["p"] == ["o1"]
    assert thoughts["o1/plan"]["u"] == [2, 10, 5, 0.1, 1.0]
    assert thoughts["o2"]["x"] == "refused: Words."
    assert thoughts["s1"]["v"] == {
        "score": 0.5, "passed": False, "reason": "Words.", "steps": [0.1, 0.9], "u": None,
    }  # fmt: skip
    assert data["samples"] == {"s1": [None, None, True, None, ""]}
    assert data["task"]["statement"] == "Words."


def test_a_prompt_is_that_of_the_last_try_and_is_kept_once(tmp_path: Path) -> None:
    data = search(page(run(tmp_path, text="Words."), tmp_path / "r.html"))

    asked = {one["i"]: one.get("q") for one in data["thoughts"]}
    texts = [data["messages"][at][1] for at in asked["o1/plan"]["m"]]
    assert texts == ["Be brief.", "Words."]
    assert asked["s1"]["m"] == asked["o1/plan"]["m"]
    assert asked["o1"] is None


def test_long_texts_are_cut_and_say_by_how_much(tmp_path: Path) -> None:
    data = search(page(run(tmp_path, text="x" * 1_000_000), tmp_path / "r.html"))

    (plan,) = [one for one in data["thoughts"] if one["i"] == "o1/plan"]
    assert (len(plan["t"]), plan["cut"]) == (20_000, 980_000)


def test_the_table_has_a_row_for_each_task_of_each_run(tmp_path: Path) -> None:
    run(tmp_path, 3, name="a")
    run(tmp_path, 2, name="b")

    data = json.loads(page(tmp_path, tmp_path / "r.html").scripts["numbers"])

    assert [one["name"] for one in data["runs"]] == ["a", "b"]
    assert data["tasks"]["ids"] == ["t/0", "t/1", "t/2"]
    assert [row and row[0] for row in data["tasks"]["runs"][0]] == [True, False, True]
    assert data["tasks"]["runs"][1][2] is None
    (comparison,) = data["comparisons"]
    assert (comparison["run"], comparison["with"], comparison["tasks"]) == (1, 0, 2)


def test_what_has_no_room_is_left_out_and_counted(tmp_path: Path) -> None:
    run(tmp_path, 4, text="".join(map(chr, range(0x4E00, 0x4E00 + 4000))))

    whole = page(tmp_path, tmp_path / "whole.html")
    less = page(tmp_path, tmp_path / "less.html", most_mb=0.03)
    none = page(tmp_path, tmp_path / "none.html", most_mb=0.000_1)

    assert json.loads(whole.scripts["levels"]) == {"all": 4}
    assert json.loads(none.scripts["levels"]) == {"none": 4}
    assert sum(json.loads(less.scripts["levels"]).values()) == 4
    assert search(less)["level"] != "all"
    assert sum(len(t) for name, t in less.scripts.items() if name.startswith("s-")) <= 30_000


def test_room_that_small_searches_leave_goes_to_the_large() -> None:
    assert bound([10, 10, 100], 120) is None
    assert bound([10, 10, 100, 100], 120) == 50
    assert bound([100] * 4, 100) == 25


def test_chosen_shows_what_the_answer_came_from(tmp_path: Path) -> None:
    folder = run(tmp_path)

    chosen = search(page(folder, tmp_path / "c.html", thoughts="chosen"))
    none = page(folder, tmp_path / "n.html", thoughts="none")

    assert [one["i"] for one in chosen["thoughts"]] == ["o1", "o1/plan", "s1"]
    assert chosen["all"] == 4
    assert "s-0-0" not in none.scripts


def test_a_run_whose_store_is_gone_is_reported_without_thoughts(tmp_path: Path) -> None:
    folder = run(tmp_path)
    (folder / "store.sqlite").unlink()

    data = search(page(folder, tmp_path / "r.html"))

    assert data["thoughts"] == []
    assert data["result"]["chosen"] == "s1"


def test_two_runs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    found = sources([run(tmp_path / "x"), run(tmp_path / "y")])

    assert [one.name for one in found] == ["arm", "arm (2)"]


def test_a_run_without_results_is_refused(tmp_path: Path) -> None:
    RunFolder(tmp_path / "r", About("r", "set", Spec())).close()

    with pytest.raises(InputError, match="has no results yet"):
        sources([tmp_path])


def test_a_task_with_an_error_has_its_reason_in_the_table(tmp_path: Path) -> None:
    rows = RunFolder(tmp_path / "r", About("r", "set", Spec()))
    rows.add(Result("t/1", error="ModelUnavailable: 503 \x1b"))
    rows.close()

    data = json.loads(page(tmp_path, tmp_path / "r.html").scripts["numbers"])

    assert data["tasks"]["runs"][0][0][7] == "ModelUnavailable: 503 ␛"


def test_a_page_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    found = sources([run(tmp_path)])

    with pytest.raises(InputError, match=r"--out .*No such file"):
        write_report(found, tmp_path / "absent" / "r.html")


def test_a_store_that_is_none_is_refused_and_leaves_no_page(tmp_path: Path) -> None:
    folder = run(tmp_path)
    (folder / "store.sqlite").write_bytes(b"no database" * 100)

    with pytest.raises(StoreError, match=r"store\.sqlite"):
        write_report(sources([folder]), tmp_path / "r.html")

    assert [one.name for one in tmp_path.glob("*.html*")] == []
