"""Task files that ask a question: `question`, and for the grade its `answer`."""

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from ..errors import InputError
from .code_task import LoadedTask
from .final_answer import final_answer
from .math_task import AnswerKey, Grading, MathTask


def _written(given: Any) -> Any:
    """A number as the text that it is in YAML without quotes."""
    return repr(given) if type(given) in (int, float) else given


_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    id: str = ""
    question: _Text
    answer: Annotated[_Text, BeforeValidator(_written)] | None = None
    grading: Grading = "math-verify"
    solution: Annotated[str, Field()] = ""


def math_task_from_data(
    data: dict[str, Any], where: str, id: str
) -> LoadedTask[MathTask, AnswerKey]:
    """The task that such a mapping describes, with a key if it has an `answer`, or a `solution`
    that ends in one.

    Raises:
        InputError: something in it is unknown or of a wrong type, or a solution has no answer.
    """
    try:
        content = _Question.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{where}: {_first(error)}") from None
    id = content.id or id
    answer = content.answer or final_answer(content.solution)
    if content.solution and answer is None:
        raise InputError(f"{where}: `solution` ends in no \\boxed{{…}}: give its `answer`, too")
    key = AnswerKey(id, answer, content.grading, content.solution) if answer else None
    return LoadedTask(MathTask(id, content.question), key)


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, in one line."""
    first = error.errors()[0]
    where = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        return f"`{where}` is not one of {', '.join(_Question.model_fields)}"
    return f"`{where}`: {first['msg'].lower()}, not {str(first['input'])[:60]!r}"
