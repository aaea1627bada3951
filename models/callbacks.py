"""LiteLLM's callbacks: whether those that were asked for can be had, and that they come to an end.

LiteLLM calls them after a reply is on its way, in a worker of its own; what they raise it logs. All
of it is done to the module that is given: only litellm_model.py imports it.
"""

import asyncio
import difflib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import InputError, MissingError, PonderError
from .faults import one_line

VARIABLE = "PONDER_CALLBACKS"
"""Names of LiteLLM's callbacks, with commas between them."""
PATIENCE = 5.0
"""Seconds that callbacks are waited for before their event loop ends."""
LISTS = (
    "callbacks",
    "input_callback",
    "success_callback",
    "failure_callback",
    "_async_input_callback",
    "_async_success_callback",
    "_async_failure_callback",
)
OLDER = (
    *("athina", "dynamodb", "greenscale", "helicone", "lunary", "promptlayer", "s3", "sentry"),
    *("slack", "supabase", "traceloop", "wandb"),
)
"""Names that LiteLLM starts itself, in `success_callback` and `failure_callback` alone."""
OTLP = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_ENDPOINT")
LANGFUSE = ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")


def use_callbacks(*given: Any) -> None:
    """Have LiteLLM call these on every call from now on: names of its integrations ("mlflow",
    "langfuse_otel"), or what else `litellm.callbacks` takes. Imports LiteLLM.

    Raises:
        InputError: LiteLLM knows no such callback.
        MissingError: it needs a package, a key or an address that is not here.
    """
    from .litellm_model import _litellm

    litellm = _litellm()
    before = list(litellm.callbacks)
    try:
        add(litellm, *given)
        check(litellm)
    except PonderError:
        litellm.callbacks = before
        raise


def add(litellm: Any, *callbacks: Any) -> None:
    """Have LiteLLM call these too, once each."""
    litellm.callbacks += [each for each in callbacks if each not in litellm.callbacks]


def add_from_environment(litellm: Any) -> None:
    """Have LiteLLM call those that `VARIABLE` names."""
    names = (name.strip() for name in os.environ.get(VARIABLE, "").split(","))
    add(litellm, *filter(None, names))


def listening(litellm: Any) -> bool:
    """Whether anybody is told of calls."""
    return any(getattr(litellm, name) for name in LISTS)


def check(litellm: Any) -> None:
    """See that every callback that goes by a name can be had.

    Raises:
        InputError: LiteLLM knows no such callback.
        MissingError: it needs a package, a key or an address that is not here.
    """
    for name in _names(litellm.callbacks):
        _check_one(litellm, name)
    for name in _names([*litellm.success_callback, *litellm.failure_callback]):
        if name not in OLDER:
            _check_one(litellm, name)


def _names(callbacks: list[Any]) -> list[str]:
    return [each for each in callbacks if isinstance(each, str)]


def _check_one(litellm: Any, name: str) -> None:
    known = litellm._known_custom_logger_compatible_callbacks
    if name not in known:
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise InputError(
            f"callback {name!r} is none of LiteLLM's, such as langfuse, langfuse_otel, mlflow, "
            f"otel{hint}"
        )
    _check_settings(name)
    start = litellm.litellm_core_utils.litellm_logging._init_custom_logger_compatible_class
    with _logged(litellm) as logged:
        started = start(name, None, None)
    if started is None:
        raise MissingError(f"callback {name}: {_why(logged)}")


def _check_settings(name: str) -> None:
    """Those that LiteLLM does not miss: it would send nothing, or print all on standard output."""
    if name in ("langfuse", "langfuse_otel"):
        missing = [key for key in LANGFUSE if not os.environ.get(key)]
        if missing:
            raise MissingError(f"callback {name}: set {' and '.join(missing)} in the environment")
    if name == "otel" and not any(map(os.environ.get, (*OTLP, "OTEL_EXPORTER"))):
        trace = sys.modules.get("opentelemetry.trace")
        if not hasattr(trace and trace.get_tracer_provider(), "add_span_processor"):
            raise MissingError(f"callback otel: set {OTLP[0]}, or a TracerProvider, to send to")


@contextmanager
def _logged(litellm: Any) -> Iterator[list[logging.LogRecord]]:
    """What LiteLLM logs in the block, which is not printed: tracebacks, and what a proxy lacks."""
    logged: list[logging.LogRecord] = []

    def keep(record: logging.LogRecord) -> bool:
        logged.append(record)
        return False

    logger = litellm._logging.verbose_logger
    logger.addFilter(keep)
    try:
        yield logged
    finally:
        logger.removeFilter(keep)


def _why(logged: list[logging.LogRecord]) -> str:
    error = next((each.exc_info[1] for each in logged if each.exc_info), None)
    if error is None:
        return "LiteLLM cannot start it"
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        package = {"opentelemetry": "'ponder[trace]'"}.get(package, package.replace("_", "-"))
        return f"its package is not installed: pip install {package}"
    return one_line(str(error))


async def flush(litellm: Any) -> None:
    """Wait until the callbacks of all calls so far have come to their end, `PATIENCE` at most."""
    worker = litellm.litellm_core_utils.logging_worker.GLOBAL_LOGGING_WORKER
    batches = {id(one): one for name in LISTS for one in getattr(litellm, name)}.values()
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.sleep(0)  # a call's callbacks are queued by a task of their own
            await worker.flush()
            for one in batches:
                if asyncio.iscoroutinefunction(getattr(one, "flush_queue", None)):
                    await one.flush_queue()
    except TimeoutError:
        warnings.warn(
            f"LiteLLM's callbacks were not done {PATIENCE:g} s after the last call",
            RuntimeWarning,
            stacklevel=1,
        )
