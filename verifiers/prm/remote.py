"""Reward models that a vLLM server holds: its `/pooling` endpoint, task "token_classify".

    vllm serve Qwen/Qwen2.5-Math-PRM-7B --runner pooling

Solutions are put into tokens here, by the format that an in-process model of the same kind has, and
sent as token ids. What comes back is held against the number of steps (pooling.py).

Only formats with a head of their own can be read so. Those that read a language model's head
(Math-Shepherd, RLHFlow) would need its logits, for which vLLM's pooler takes hidden states
(vllm-project/vllm#16545), with numbers that look like scores.
"""

import asyncio
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from ...errors import InputError, MissingError
from ...models.slots import slots
from ...tasks import Task
from ..aggregation import Aggregate
from ..base import Verdict
from ..steps import Splitting, problem_of, split_steps
from .format import Format, Words
from .pooling import NoScores, as_logits, read
from .readout import Readout
from .reward_model import verdict
from .scorer import Scored, Solution, places, shared
from .tokens import Tokens

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0


@dataclass
class RemoteRewardModel:
    """A process reward model behind HTTP. Otherwise as `RewardModel`: a solution whose request
    fails, after the last attempt, costs only its own verdict. A server's key is taken from the
    environment (HOSTED_VLLM_API_KEY), as LiteLLM does.

    Raises:
        InputError: the format cannot be read over HTTP, or the address is none.
    """

    url: str
    """The server's: http://localhost:8000."""
    format: Format
    tokenizer: Any
    """The model's own: a folder, an id on the hub, or a tokenizer."""
    model: str | None = None
    """What the server calls it; its first if None."""
    aggregate: Aggregate | None = None
    """How a solution's score comes from its steps'; the format's way if None."""
    splitting: Splitting | str = "auto"
    activated: bool = False
    """Whether the server answers with sigmoids although it is asked for plain values (one-number
    heads only; softmaxes are recognised)."""
    attempts: int = 4
    timeout: float = 120.0
    """Seconds for each attempt."""
    in_flight: int = 32
    """Requests at once, for the whole process."""
    name: str = ""
    _tokens: Tokens | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.format.head, Words):
            raise InputError(
                f"remote-prm {self.url}: format {self.format.name} reads a language model's head, "
                "which vLLM's pooling does not give (vllm#16545); run it here, as prm:…"
            )
        if not self.url.startswith(("http://", "https://")):
            raise InputError(f"remote-prm {self.url!r}: must begin with http:// or https://")
        self.url = self.url.rstrip("/").removesuffix("/pooling").removesuffix("/v1")
        served = f",model={self.model}" if self.model else ""
        self.name = self.name or f"remote-prm:{self.url}{served}"

    @property
    def settings(self) -> dict[str, Any]:
        """See `Configured.settings`."""
        told = ("aggregate", "splitting", "activated")
        return {"format": repr(self.format), **{name: getattr(self, name) for name in told}}

    @property
    def readout(self) -> Readout:
        """See `RewardModel.readout`."""
        return self.format.readout

    async def ready(self) -> None:
        """Load the tokenizer, if it is not. Idempotent.

        Raises:
            InputError: it is not the format's.
            MissingError: it is not here, or a library is not.
        """
        if self._tokens is None:
            self._tokens = await asyncio.to_thread(self._load)

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `Verifier.judge`."""
        return await self.judge_steps(
            task, [split_steps(text, self.splitting) for text in candidates]
        )

    async def judge_steps(self, task: Task, solutions: Sequence[Sequence[str]]) -> list[Verdict]:
        """See `StepVerifier.judge_steps`; each distinct solution is one request.

        Raises:
            InputError, MissingError: as `ready`.
        """
        await self.ready()
        asked = places([(problem_of(task), tuple(steps)) for steps in solutions])
        key = os.environ.get("HOSTED_VLLM_API_KEY")
        headers = {"authorization": f"Bearer {key}"} if key else {}
        async with httpx.AsyncClient(timeout=self.timeout, headers=headers) as client:
            try:
                model = await self._served(client)
            except NoScores as error:
                return [Verdict(reason=str(error))] * len(solutions)
            scored = await asyncio.gather(*(self._score(client, model, one) for one in asked))
        verdicts = [Verdict()] * len(solutions)
        for where, one in zip(asked.values(), scored, strict=True):
            for place, part in zip(where, shared(one, len(where)), strict=True):
                verdicts[place] = verdict(part, self.aggregate or self.format.aggregate)
        return verdicts

    def _load(self) -> Tokens:
        given = self.tokenizer
        tokens = Tokens(_tokenizer(given) if isinstance(given, str) else given)
        self.format.render(tokens, "What is 1 + 1?", ["2"])  # one that does not fit is told now
        return tokens

    async def _score(self, client: httpx.AsyncClient, model: str, solution: Solution) -> Scored:
        problem, steps = solution
        if not steps:
            return Scored(reason="there are no steps to score")
        assert self._tokens is not None
        try:
            ready = self.format.render(self._tokens, problem, steps)
        except Exception as error:  # noqa: BLE001  whatever a text does to a tokenizer
            return Scored(reason=f"could not be put into tokens: {error}")
        began = time.perf_counter()
        try:
            body: dict[str, Any] = {
                "model": model,
                "input": list(ready.ids),
                "task": "token_classify",
            }
            body |= {"use_activation": False, "encoding_format": "float"}
            answer = await self._ask(client, "POST", "/pooling", body)
            scored = self._read(read(answer, ready, self.format.readout.outputs))
        except NoScores as error:
            return Scored(reason=str(error))
        return replace(scored, tokens=len(ready.ids), seconds=time.perf_counter() - began)

    def _read(self, rows: list[list[float]]) -> Scored:
        scores = []
        for number, row in enumerate(rows, 1):
            score = self.format.readout(as_logits(row, self.activated))
            if not math.isfinite(score):
                raise NoScores(f"the server gave {score} for step {number}")
            scores.append(score)
        return Scored(tuple(scores))

    async def _served(self, client: httpx.AsyncClient) -> str:
        if self.model is None:
            answer = await self._ask(client, "GET", "/v1/models", None)
            try:
                self.model = str(answer["data"][0]["id"])
            except (KeyError, IndexError, TypeError):
                raise NoScores(f"{self.url} serves no model") from None
        return self.model

    async def _ask(self, client: httpx.AsyncClient, method: str, path: str, body: Any) -> Any:
        """The server's answer. What it is asked again after, and how often, is bounded."""
        fault = ""
        for attempt in range(self.attempts):
            wait = FIRST_WAIT * 2**attempt
            try:
                async with slots(self.url, self.in_flight).hold():
                    async with asyncio.timeout(self.timeout):
                        response = await client.request(method, self.url + path, json=body)
            except (TimeoutError, httpx.TimeoutException):
                fault = f"no answer within {self.timeout:g} s"
            except httpx.HTTPError as error:
                fault = f"{type(error).__name__}: {error}"
            else:
                if response.is_success:
                    return _json(response)
                fault = f"{response.status_code}: {_message(response)}"
                if response.status_code not in AGAIN:
                    break
                wait = _retry_after(response) or wait
            if attempt + 1 < self.attempts:
                await asyncio.sleep(min(wait, LONGEST_WAIT))
        raise NoScores(f"{self.url}: {fault}")


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        raise NoScores("the server's answer is no JSON") from None


def _message(response: httpx.Response) -> str:
    """What an error says, in one short line."""
    try:
        said = response.json()
        said = said.get("error", said)
        text = said.get("message", said) if isinstance(said, dict) else said
    except (ValueError, AttributeError):
        text = response.text
    return " ".join(str(text).split())[:200] or "no reason given"


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return max(0.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):
        return None


def _tokenizer(name: str) -> Any:
    try:
        import transformers
    except ImportError:
        raise MissingError(
            "tokenizers of reward models need transformers: pip install 'ponder[local]'"
        ) from None
    try:
        return transformers.AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    except (OSError, ValueError) as error:
        why = " ".join(str(error).split())[:200]
        raise MissingError(f"tokenizer {name}: {why}; name its folder") from None
