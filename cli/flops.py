"""`ponder flops`: test-time compute against pretraining, as a calculator and for runs."""

from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError

if TYPE_CHECKING:
    from ..evals.optimal.account import Account
    from ..evals.spec import Spec


def flops(
    run: Annotated[
        Path | None, typer.Argument(help="A run's folder: what it spent.", metavar="[DIR]")
    ] = None,
    params: Annotated[float | None, typer.Option(help="The model's parameters, as in 3e9.")] = None,
    verifier_params: Annotated[float | None, typer.Option(help="The verifier's.")] = None,
    pretraining_tokens: Annotated[
        float | None, typer.Option(help="The model was pretrained on.")
    ] = None,
    inference_tokens: Annotated[
        float | None, typer.Option(help="It will read and write in all its life.")
    ] = None,
    ratio: Annotated[
        float | None, typer.Option(help="R, of those two; if not given, also the paper's three.")
    ] = None,
    larger: Annotated[
        float | None, typer.Option(help="M: the larger model has so many times the parameters.")
    ] = None,
    accuracy: Annotated[
        str | None,
        typer.Option(help="The model's, by generations, as in 1=0.21,16=0.35; else the run's."),
    ] = None,
    larger_accuracy: Annotated[
        float | None, typer.Option(min=0, max=1, help="The larger model's, with one answer.")
    ] = None,
    larger_run: Annotated[
        Path | None, typer.Option(help="The larger model's run, with one answer a question.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")] = False,
) -> int:
    """Say what pretraining and inference take, how many generations a model may spend for the FLOPs
    of a larger one's single answer, and which of the two is ahead then.

    Pretraining takes 6 N D FLOPs, inference 2 N a token, prompts and replies alike; what a verifier
    takes is counted apart. At equal FLOPs a model may spend M + 3 (M − 1) / R times its own
    inference (arXiv 2408.03314, section 7).
    """
    said: dict[str, Any] = {}
    lines: list[str] = []
    account = None if run is None else _account(run, params, verifier_params)
    if account is not None:
        said["run"] = account.to_json()
        lines += _spent(account)
    _training(said, lines, params, pretraining_tokens, inference_tokens)
    if larger is not None:
        ratios = _ratios(ratio, pretraining_tokens, inference_tokens)
        _matches(said, lines, larger, ratios, (run, larger_run), accuracy, larger_accuracy)
    elif larger_accuracy is not None or larger_run is not None:
        raise InputError("--larger M: say how many times the parameters the larger model has")
    if not said:
        raise InputError("nothing to say: give a run's folder, or --larger M, or --params")
    print(dumps(said) if json else "\n".join(lines))
    return 0


MOST = 10**12
"""Generations of a point of a curve."""


def _account(run: Path, params: float | None, verifier_params: float | None) -> "Account":
    from ..evals.folder import read_about, read_results
    from ..evals.optimal.account import account
    from ..evals.optimal.size import known_parameters

    spec = read_about(run).spec
    own = known_parameters(spec.model) if params is None else params
    if own is None:
        raise InputError(f"--params N: how many parameters {spec.model} has cannot be seen here")
    judging = _judging(spec, own) if verifier_params is None else verifier_params
    return account(read_results(run), own, judging)


def _judging(spec: "Spec", own: float) -> float | None:
    """The verifier's parameters, where that can be seen; `own` are the model's."""
    from ..evals.optimal.size import known_parameters

    kind, _, what = (spec.verifier or "").partition(",")[0].partition(":")
    if kind != "judge":
        return known_parameters(spec.verifier)
    name = what or spec.judge
    return own if name in (None, spec.model) else known_parameters(name)


def _spent(one: "Account") -> list[str]:
    each = max(1, one.questions)
    verifier = one.verifier_flops
    said = "not known: say --verifier-params" if verifier is None else f"{verifier / each:.3g}"
    return [
        f"{one.questions} questions, {one.parameters:.3g} parameters; FLOPs a question:",
        f"  prompts   {one.prompt_flops / each:.3g}  ({one.prompt_tokens / each:,.0f} tokens)",
        f"  replies   {one.completion_flops / each:.3g}  "
        f"({one.completion_tokens / each:,.0f} tokens)",
        f"  verifier  {said}  ({one.verifier_tokens / each:,.0f} tokens, in no formula below)",
    ]


def _training(
    said: dict[str, Any],
    lines: list[str],
    params: float | None,
    pretraining_tokens: float | None,
    inference_tokens: float | None,
) -> None:
    from ..evals.optimal.flops import inference, pretraining

    if params is None:
        return
    parts = (
        ("pretraining", pretraining, pretraining_tokens),
        ("inference", inference, inference_tokens),
    )
    for name, count, tokens in parts:
        if tokens is not None:
            said[f"{name}_flops"] = count(params, tokens)
            lines.append(f"{name}: {said[f'{name}_flops']:.4g} FLOPs")
    if not said and not lines:
        said["flops_per_token"] = inference(params, 1)
        lines.append(f"inference: {said['flops_per_token']:.4g} FLOPs a token")


def _ratios(
    given: float | None, pretraining_tokens: float | None, inference_tokens: float | None
) -> tuple[float, ...]:
    from ..evals.optimal.flops import PAPER_RATIOS, ratio

    if given is not None:
        if inference_tokens is not None and pretraining_tokens is not None:
            raise InputError("--ratio goes without --inference-tokens, which say it too")
        return (given,)
    if inference_tokens is not None and pretraining_tokens is not None:
        return (ratio(inference_tokens, pretraining_tokens),)
    return PAPER_RATIOS


def _matches(
    said: dict[str, Any],
    lines: list[str],
    larger: float,
    ratios: tuple[float, ...],
    runs: tuple[Path | None, Path | None],
    accuracy: str | None,
    pretrained: float | None,
) -> None:
    from ..evals.optimal.flops import match, multiplier

    curve = _curve(accuracy, runs[0])
    if (pretrained is not None) and not curve:
        raise InputError("--accuracy 1=0.21,16=0.35: say how the model does, or give its run")
    said["matches"] = []
    for one in ratios:
        generations = multiplier(larger, one)
        line = (
            f"R = {one:g}: {generations:.2f} generations for one of a model {larger:g} × as large"
        )
        found: dict[str, Any] = {"ratio": one, "larger": larger, "generations": generations}
        if pretrained is not None:
            matched = match(curve, pretrained, larger, one)
            found |= matched.to_json()
            more = ", the most that is known" if matched.censored == "above" else ""
            line += f"; {matched.accuracy:.3f}{more}, to {pretrained:.3f}: {matched.side}"
        if runs[1] is not None:
            found["runs"], told = _standing(runs, larger, one)
            line += told
        said["matches"].append(found)
        lines.append(line)


def _standing(
    runs: tuple[Path | None, Path | None], larger: float, ratio: float
) -> tuple[Any, str]:
    from ..evals.folder import read_results
    from ..evals.optimal.account import standing

    small, large = runs
    if small is None or large is None:
        raise InputError("--larger-run goes with the smaller model's run")
    found = standing(read_results(small), read_results(large), larger, ratio)
    if found is None or found.paired.difference is None:
        return (
            None,
            "; the runs cannot be compared (no choice among answers, or no common question)",
        )
    gap = found.paired.difference
    shown = f"{100 * gap.value:+.1f} [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]"
    most = ", with the most that it was tried with" if found.censored else ""
    told = f"; {shown} points over {found.paired.tasks} questions{most}: {found.side}"
    return found.to_json(), told


def _curve(accuracy: str | None, run: Path | None) -> dict[int, float]:
    from ..evals.folder import read_results
    from ..evals.optimal.account import curve_of

    if accuracy is None:
        found = {} if run is None else curve_of(read_results(run))
        return {n: one.value for n, one in found.items()}
    points: dict[int, float] = {}
    for part in accuracy.split(","):
        n, equals, value = part.partition("=")
        try:
            points[int(n)] = float(value)
        except ValueError:
            equals = ""
        if not equals or not 0 <= points[int(n)] <= 1 or not 1 <= int(n) <= MOST:
            raise InputError(f"--accuracy {part!r} must be GENERATIONS=SHARE, as in 16=0.35")
    return points
