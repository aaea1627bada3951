"""How each format's authors write a solution, in one piece, and where they read its last step.

Written from their own scripts and model cards, apart from ours: whole texts, tokens looked for.
"""

from collections.abc import Callable, Sequence
from typing import Any

Reading = tuple[list[int], int]
"""Token ids, and the index of the one at which the last step's score is read."""
Steps = Sequence[str]


def numbered(steps: Steps) -> list[str]:
    return [f"Step {number}: {step}" for number, step in enumerate(steps, 1)]


def last(ids: list[int], id: int) -> Reading:
    return ids, len(ids) - 1 - ids[::-1].index(id)


def math_shepherd(tokenizer: Any, problem: str, steps: Steps) -> Reading:
    answer = "\n".join(f"{step} ки" for step in numbered(steps))
    return last(tokenizer.encode(f"{problem} {answer}"), tokenizer.encode("ки")[-1])


def er_prm(tokenizer: Any, problem: str, steps: Steps) -> Reading:
    # In one text, the tag and the word after it would be one word for this kind of tokenizer.
    tag = tokenizer.encode(" ки")[-1]
    ids = tokenizer.encode(problem)
    for number, step in enumerate(numbered(steps)):
        ids += [*tokenizer.encode(step if number else f" {step}"), tag]
    return ids, len(ids) - 1


def openr(tokenizer: Any, problem: str, steps: Steps) -> Reading:
    answer = "".join(f"{step} \n\n\n\n\n" for step in numbered(steps))
    return last(tokenizer.encode(f"{problem} {answer}"), tokenizer.encode(" \n\n\n\n\n")[-1])


def pqm(tokenizer: Any, problem: str, steps: Steps) -> Reading:
    answer = " [PRM]\n".join(numbered(steps)) + " [PRM]"
    ids = tokenizer.encode(f"{problem}\n{answer}", add_special_tokens=False)
    return last(ids, tokenizer.convert_tokens_to_ids("[PRM]"))


def skywork(tokenizer: Any, problem: str, steps: Steps) -> Reading:
    ids = tokenizer.encode(tokenizer.bos_token + problem + "\n")
    for step in steps:
        ids += [*tokenizer.encode(step), tokenizer.encode("\n")[-1]]
    return ids, len(ids) - 1


def llemma(tokenizer: Any, problem: str, steps: Steps) -> Reading:
    solution = "".join(f"{step}\n\n" for step in steps)
    ids = tokenizer.encode(f"# Question\n\n{problem}\n\n# Solution\n\n{solution}")
    return ids, len(ids) - 2


def trl(tokenizer: Any, problem: str, steps: Steps) -> Reading:
    ids = [tokenizer.bos_token_id, *tokenizer.encode(problem, add_special_tokens=False)]
    for step in steps:
        ids += tokenizer.encode(step, add_special_tokens=False)
        ids += tokenizer.encode("\n", add_special_tokens=False)
    return ids, len(ids) - 1


def pure(tokenizer: Any, problem: str, steps: Steps) -> Reading:
    ids, at = trl(tokenizer, problem, steps)
    return ids[1:], at - 1


def qwen(tokenizer: Any, problem: str, steps: Steps) -> Reading:
    messages = [
        {
            "role": "system",
            "content": "Please reason step by step, and put your final answer within \\boxed{}.",
        },
        {"role": "user", "content": problem},
        {"role": "assistant", "content": "<extra_0>".join(steps) + "<extra_0>"},
    ]
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    return last(tokenizer.encode(text), tokenizer.encode("<extra_0>")[0])


def rlhflow(tokenizer: Any, problem: str, steps: Steps) -> Reading:
    messages = []
    for number, step in enumerate(steps):
        text = step if number else f"{problem} {step}"
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": "+"}]
    ids = tokenizer.apply_chat_template(messages, tokenize=True, return_dict=False)
    return ids, len(ids) - 3  # "simple version, the +/- is predicted by the '-3' position"


def rlhflow_orm(tokenizer: Any, problem: str, steps: Steps) -> Reading:
    return rlhflow(tokenizer, f"{problem} {''.join(steps)}", [""])


def reason_eval_34b(tokenizer: Any, problem: str, steps: Steps) -> Reading:
    prompt = f"Question:\n{problem}\nAnswer:\nLet's think step by step.\n"
    ids = tokenizer.encode(prompt)
    for step in steps:
        ids += tokenizer.encode(step, add_special_tokens=False)
    return ids, len(ids) - 1


def reason_eval_7b(tokenizer: Any, problem: str, steps: Steps) -> Reading:
    ids, at = reason_eval_34b(tokenizer, problem, steps)
    return ids, at - 1


PUBLISHED: dict[str, Callable[[Any, str, Steps], Reading]] = {
    "math-shepherd": math_shepherd,
    "er-prm": er_prm,
    "openr": openr,
    "pqm": pqm,
    "skywork": skywork,
    "ratings": skywork,  # of ours, and put together as that is
    "llemma": llemma,
    "trl": trl,
    "pure": pure,
    "qwen2.5-math-prm": qwen,
    "rlhflow": rlhflow,
    "reasoneval-34b": reason_eval_34b,
    "reasoneval-7b": reason_eval_7b,
}
