"""How a report holds up: a run of 1,000 tasks, and among them one search of 5,000 thoughts.

Makes two such runs through the real `Store` and `RunFolder`, with texts that are hostile now and
then, writes their report in a process of its own, and opens it in headless Chromium, driven by the
DevTools protocol. Needs a `chromium` on the path and `pip install websockets`.

    python benchmarks/report_scale.py [--tasks 1000] [--thoughts 20] [--large 5000] [--keep FOLDER]

The last line is JSON: `write_s` and `peak_mb` of the writer, `html_mb`, `open_s` (from the start of
the navigation to the first view drawn, median of `--rounds`), `table_s` (to the table of tasks as
the first view), `task_s` (the large search, opened), `frame_ms` and `longest_frame_ms` while it
scrolls, `expand_ms` (all of it, to the next frame), both also as CPU of the page's own thread
(`frame_cpu_ms`, `expand_cpu_ms`), `alerts` (scripts of a model that ran: 0).
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ponder.evals.folder import About, RunFolder
from ponder.evals.results import Result, Sample
from ponder.evals.spec import Spec
from ponder.models import Usage
from ponder.models.store import Store
from ponder.nodes import Thought
from ponder.nodes.thought import verdict_to_json
from ponder.tasks import CodeTask, Test, task_to_json
from ponder.verifiers.base import Verdict

HOSTILE = (
    "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>",
    "\x1b[31mred\x1b[0m \x00 \x07 \x7f \u202egnol\u202c \ud83d alone \udc00",
    "<!--<script>]]>&lt;b&gt; \u2028 \u2029 \U0001f9e0\U0001f468\u200d\U0001f4bb",
    "x" * 1_000_000,
)
TALK = (
    "the list is sorted so a binary search over prefix sums will do keep a heap of the k largest "
    "count each residue once two pointers move inward from both ends memoise on index and rest"
)
WORDS = TALK.split()


async def make_run(folder: Path, tasks: int, thoughts: int, large: int, seed: int) -> None:
    """A run of PlanSearch's shape: observations, a plan and a program each, graded."""
    rng, name = random.Random(seed), folder.name
    spec = Spec(name, model="synthetic/model", options={"seed": seed})
    run, store = RunFolder(folder, About(name, "synthetic", spec)), Store(folder / "store.sqlite")
    for number in range(tasks):
        many = large if number == 0 and large else thoughts
        run.add(_task(store, rng, f"{name}-{number}", number, many, hostile=number % 50 == 0))
        await asyncio.sleep(0)  # the store commits at the end of a turn of the loop
    store.close()
    run.close()


def _task(
    store: Store, rng: random.Random, key: str, number: int, many: int, *, hostile: bool
) -> Result:
    task = CodeTask(
        f"synthetic/{number}", f"Task {number}: {_words(rng, 60)}.", entry_point="solve",
        public_tests=(Test((1,), 1),),
    )  # fmt: skip
    store.put_record(key, "run", "", {"task": task_to_json(task)})
    skill, samples, kinds, made = rng.betavariate(0.6, 0.9), [], dict[str, Usage](), 0
    for idea in itertools.count(1):
        if made >= many:
            break
        observation = f"o{idea}"
        _think(store, rng, key, task, Thought(observation, "observation", _words(rng, 14)), kinds)
        made += 1
        for sub in range(1, 5):
            plan, code = f"{observation}/o{sub}/plan", f"{observation}/o{sub}/plan/code"
            text = rng.choice(HOSTILE) if hostile and sub == 1 else _words(rng, 50)
            _think(store, rng, key, task, Thought(plan, "plan", text, (observation,)), kinds)
            passed, public = rng.random() < skill, rng.random() < 0.3 + 0.6 * skill
            verdict = Verdict(float(public), public, "" if public else "test 2: 3, not 4")
            program = Thought(code, "code", _program(rng), (plan,), usage=_usage(rng))
            _think(store, rng, key, task, program, kinds)
            store.put_record(key, "verdict", code, verdict_to_json(verdict))
            reason = "" if passed else "hidden test 7: wrong"
            samples.append(Sample(code, public, verdict.score, passed, reason=reason))
            made += 2
    usage = sum(kinds.values(), Usage())
    chosen = next((one for one in samples if one.public), samples[0])
    return Result(
        task.id, key, tuple(samples), chosen=chosen.id, solved=chosen.passed, usage=usage,
        usage_by_kind=kinds, thoughts=made, stopped="complete", seconds=rng.uniform(3, 90),
    )  # fmt: skip


def _think(
    store: Store, rng: random.Random, key: str, task: CodeTask, thought: Thought, kinds: Any
) -> None:
    usage = _usage(rng)
    thought = Thought(thought.id, thought.kind, thought.text, thought.parents, usage=usage)
    kinds[thought.kind] = kinds.get(thought.kind, Usage()) + usage
    store.put_latest(key, "thought", thought.id, thought.to_json())
    messages = [
        {"role": "system", "content": "You solve programming problems. " * 10},
        {"role": "user", "content": f"{task.statement}\n\nGo on from here: {_words(rng, 30)}"},
    ]
    store.put_reply(
        f"{key}/{thought.id}", task=task.id, path=thought.id, model="synthetic/model",
        request={"messages": messages, "temperature": 0.8}, reply={"text": thought.text},
    )  # fmt: skip


def _words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choices(WORDS, k=count)).capitalize()


def _usage(rng: random.Random) -> Usage:
    return Usage(1, rng.randrange(200, 900), rng.randrange(50, 500), 0.0002, rng.uniform(0.4, 4))


def _program(rng: random.Random) -> str:
    lines = "\n".join(f"    {word} = {rng.randrange(99)}  # {_words(rng, 5)}" for word in "abcdef")
    return f"import math\n\ndef solve(x):\n{lines}\n    return x"


class Browser:
    """A page of headless Chromium."""

    def __init__(self, width: int = 1440, height: int = 900) -> None:
        from websockets.sync.client import connect

        program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
        if program is None:
            raise SystemExit("there is no chromium on the path")
        self._home = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            [
                program,
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"),
                f"--user-data-dir={self._home.name}",
                f"--window-size={width},{height}",
                "about:blank",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        line = next(line for line in self._process.stderr if "ws://" in line)
        port = line.partition("127.0.0.1:")[2].partition("/")[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            page = next(one for one in json.load(answer) if one["type"] == "page")
        self._stack = contextlib.ExitStack()
        url = page["webSocketDebuggerUrl"]
        self._socket = self._stack.enter_context(connect(url, max_size=None))
        self._number = 0
        self.heard: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol, and what it came to."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(asked))
        while True:
            said = json.loads(self._socket.recv(timeout=120))
            if said.get("id") == self._number:
                if "error" in said:
                    raise RuntimeError(f"{method}: {said['error']['message']}")
                found: dict[str, Any] = said["result"]
                return found
            self.heard.append(said)

    def do(self, script: str) -> Any:
        """The value of a script, awaited."""
        found = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(json.dumps(found["exceptionDetails"])[:800])
        return found["result"].get("value")

    def worked(self, script: str) -> tuple[Any, float]:
        """The value of a script, and the milliseconds of CPU that the page's thread took for it,
        whoever else had the machine."""
        self.call("Performance.enable", timeDomain="threadTicks")
        before = self._busy()
        value = self.do(script)
        return value, 1000 * (self._busy() - before)

    def _busy(self) -> float:
        found = self.call("Performance.getMetrics")["metrics"]
        return next(float(one["value"]) for one in found if one["name"] == "TaskDuration")

    def open(self, url: str) -> float:
        """Seconds from the start of the navigation until the first view is drawn."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        found = self.do(SHOWN)
        return float(found) / 1000

    def close(self) -> None:
        """End it."""
        self._stack.close()
        self._process.terminate()
        self._process.wait()
        with contextlib.suppress(OSError):
            self._home.cleanup()


SHOWN = """new Promise((resolve) => { const look = () => {
  if (!performance.getEntriesByName('shown').length) return void setTimeout(look, 5);
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
}; look(); })"""
SCROLL = """new Promise((resolve) => {
  const list = document.querySelector('.virtual'), frames = [];
  let last = performance.now(), left = 240;
  const step = (now) => { frames.push(now - last); last = now; list.scrollTop += 400;
    left -= 1; left ? requestAnimationFrame(step) : resolve(frames.slice(2)); };
  requestAnimationFrame(step);
})"""
EXPAND = """new Promise((resolve) => {
  const list = document.querySelector('.virtual'), from = performance.now();
  list.dispatchEvent(new KeyboardEvent('keydown', {key: '%s', bubbles: true}));
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - from)));
})"""


def measure(page: Path, rounds: int) -> dict[str, Any]:
    """What a reader waits for."""
    browser = Browser()
    try:
        url = page.as_uri()
        opened = [browser.open(url) for _ in range(rounds)]
        table = browser.open(f"{url}#/tasks")
        task = browser.open(f"{url}#/task/synthetic%2F0/0")
        expand = [browser.worked(EXPAND % key) for key in "-*-*"]
        frames, work = browser.worked(SCROLL)
        loud = [one for one in browser.heard if one["method"] == "Runtime.exceptionThrown"]
        return {
            "open_s": round(statistics.median(opened), 3),
            "table_s": round(table, 3),
            "task_s": round(task, 3),
            "frame_ms": round(statistics.median(frames), 1),
            "longest_frame_ms": round(max(frames), 1),
            "frame_cpu_ms": round(work / len(frames), 1),
            "expand_ms": round(max(waited for waited, _ in expand), 1),
            "expand_cpu_ms": round(max(work for _, work in expand), 1),
            "rows_in_dom": browser.do("document.querySelectorAll('.virtual .row').length"),
            "alerts": browser.do("Number(window.pwned || 0)"),
            "errors": len(loud),
        }
    finally:
        browser.close()


def write(folders: list[Path], page: Path) -> dict[str, Any]:
    """The report, written by a process whose memory is its own."""
    started = time.monotonic()
    words = ["report", *map(str, folders), "--out", str(page)]
    code = f"from ponder.cli.app import main; main({words!r})"
    subprocess.run([sys.executable, "-c", code], check=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "write_s": round(time.monotonic() - started, 1),
        "peak_mb": round(peak / 1024),
        "html_mb": round(page.stat().st_size / 1e6, 1),
    }


@contextlib.contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    """A folder that goes, unless it is to be kept."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def main() -> None:
    """Make, write, open, measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--thoughts", type=int, default=20)
    parser.add_argument("--large", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="a new folder for the runs and the page")
    given = parser.parse_args()
    with workplace(given.keep) as place:
        folders = [place / "first", place / "second"]
        for seed, folder in enumerate(folders):
            asyncio.run(make_run(folder, given.tasks, given.thoughts, given.large, seed))
        page = place / "report.html"
        found = {**write(folders, page), **measure(page, given.rounds)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
