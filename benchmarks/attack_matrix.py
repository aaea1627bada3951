"""Which attacks win when one wall, and only that one, is left out.

    python benchmarks/attack_matrix.py [--sandbox bubblewrap|docker]

An attack that two walls hold wins in no row: `tests/sandboxes/test_attacks.py` has each of them win
with all of its walls left out. Slow attacks are tried only without a wall that holds them. The last
line is JSON: how many attacks each wall holds alone.
"""

import argparse
import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path

from ponder.benchmarks.sandbox_soak import SLOW
from ponder.sandboxes import Limits
from ponder.sandboxes.attacks import ATTACKS, Attack, try_attack
from ponder.sandboxes.attacks.trial import LIMITS
from ponder.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from ponder.sandboxes.docker_sandbox import DockerSandbox

WALLS = ["filter", "uid", "undumpable", "limits", "zygote", "read-only root", "own root"]
WALLS += ["no network", "no environment"]
OF_LIMITS = ["cpu_seconds", "wall_seconds", "memory_bytes", "output_bytes", "result_bytes"]
LOOSE = Limits(60, 60, memory_bytes=2**30, output_bytes=2**24, result_bytes=2**24)


async def winners(kind: str, wall: str) -> list[str]:
    without = frozenset([wall] if wall in WALLS else [])
    boundary = DockerSandbox if kind == "docker" else BubblewrapSandbox
    sandbox = boundary(workers=1, without=without)
    limits = replace(LIMITS, **{wall: getattr(LOOSE, wall)}) if wall in OF_LIMITS else LIMITS
    if wall in ("cpu_seconds", "wall_seconds"):  # the one would stand in for the other
        limits = replace(limits, cpu_seconds=60, wall_seconds=60)
    won = []
    try:
        for attack in ATTACKS:
            if _is_tried(attack, kind, wall) and (await try_attack(sandbox, attack, limits)).won:
                won.append(attack.name)
    finally:
        sandbox.close()
    return won


def _is_tried(attack: Attack, kind: str, wall: str) -> bool:
    quick = attack.name not in SLOW or wall in attack.held_by
    return quick and attack.only in ("", kind) and not attack.already_out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sandbox", default="bubblewrap", choices=("bubblewrap", "docker"))
    options = parser.parse_args()
    canary = Path(f"/var/tmp/ponder-canary-{os.getpid()}")
    canary.touch()
    os.environ["PONDER_CANARY"] = "chirp"
    alone = {}
    try:
        for wall in ["nothing", *WALLS, *OF_LIMITS]:
            won = asyncio.run(winners(options.sandbox, wall))
            alone[wall] = len(won)
            print(f"without {wall} ({len(won)}): {'; '.join(won) or '-'}", flush=True)
    finally:
        canary.unlink()
    print(json.dumps(alone))


if __name__ == "__main__":
    main()
