"""Tiny random models and a tokenizer of their own, made here."""

from pathlib import Path

import pytest

from tests.models.local.tiny import save


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of a few thousand weights, as `save_pretrained` leaves it."""
    return save(tmp_path_factory.mktemp("tiny"), "llama")
