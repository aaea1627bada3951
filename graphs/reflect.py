"""Selective Reflection-Tuning: a teacher proposes, the student's scores select (2402.10110).

    begin ── instruction: reflect, choose by IFD ── response: reflect, choose by r-IFD ── recycle

Two calls of the teacher and nine passes of the student a sample, where the released four-file route
takes three and sixteen: the response is reflected on for the chosen pair alone, and the student
remembers what it has read.
"""

from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from pydantic import Field

from ..nodes import (
    Asked,
    Begin,
    Context,
    Recycle,
    ReflectInstruction,
    ReflectResponse,
    Sampling,
    Solved,
)
from ..nodes.reflect import Reflecting, Way
from ..settings import with_options
from ..tasks import InstructionTask
from .build import Graph, Options


class ReflectOptions(Options):
    """The knobs of `reflect`. The defaults are the `paper` profile."""

    instruction: Way = "student"
    """Between the original pair and the one with a new instruction: the student's IFD, at random,
    always the new, or (without asking the teacher) the old."""
    response: Way = "student"
    """Between the answers before and after reflecting on the response: by r-IFD, or as above."""
    filter: bool = True
    """Whether only pairs survive whose IFD and r-IFD are both below 1. The released code's; the
    paper does not state it."""
    temperature: float | None = Field(0.0, ge=0, le=2)
    """Of the teacher; a further try has at least 0.7. None leaves it to the model."""
    top_p: float | None = Field(1.0, gt=0, le=1)
    """Nucleus sampling, likewise."""
    max_tokens: int = Field(2048, ge=16)
    """Longest reply. The released code's, less where its prompts are long."""
    tries: int = Field(2, ge=1, le=10)
    """Replies that are asked for, where the one before is unreadable, cut off or refused."""


PROFILES: dict[str, dict[str, Any]] = {"paper": {}, "fast": {"max_tokens": 768}}


def reflect(profile: str = "paper", **overrides: Any) -> Graph:
    """Build selective reflection on one pair of instruction data.

    `Context(model=TEACHER, verifier="ifd:STUDENT")`. The input is `{"task": InstructionTask}`,
    the output `{"solution": Solution}`: its answer is the kept pair as JSON, `verdict.passed`
    whether it survives, `verdict.reason` why, and `verdict.score` its IFD. `overrides` are fields
    of `ReflectOptions`; profile "fast" has shorter replies.

    Raises:
        InputError: an unknown profile or option, or a value out of range. When run: the verifier is
            no student.
    """
    options = with_options(ReflectOptions, PROFILES, profile, overrides)
    sampling = Sampling(options.temperature, options.top_p, options.max_tokens)
    judged = options.filter or "student" in (options.instruction, options.response)
    begin = Begin("reflect", options.model_dump(), takes=(InstructionTask,), by_student=judged)
    graph = StateGraph(Reflecting, context_schema=Context, input_schema=Asked, output_schema=Solved)
    graph.add_node("begin", begin)
    graph.add_node("instruction", ReflectInstruction(options.instruction, sampling, options.tries))
    graph.add_node("response", ReflectResponse(options.response, sampling, options.tries))
    graph.add_node("recycle", Recycle(options.response, options.filter, judged))
    graph.add_edge(START, "begin")
    graph.add_edge("begin", "instruction")
    graph.add_conditional_edges("instruction", go_on)
    graph.add_edge("response", "recycle")
    graph.add_edge("recycle", END)
    return graph.compile(name="reflect")


def go_on(state: Reflecting) -> Literal["response", "recycle"]:
    """A teacher that was not reached is not asked about the answer: it would be about a pair that
    the same run may not keep when it is reached."""
    return "recycle" if state.get("ended") else "response"
