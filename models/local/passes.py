"""Texts of like length, together."""

from collections.abc import Sequence


def in_passes(lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """All indices, longest first, as many at once as `tokens` hold, padding included."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    passes: list[list[int]] = []
    for index in order:
        if passes and (len(passes[-1]) + 1) * lengths[passes[-1][0]] <= tokens:
            passes[-1].append(index)
        else:
            passes.append([index])
    return passes
