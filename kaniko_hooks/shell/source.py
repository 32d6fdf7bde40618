"""The text that commands are read from."""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kaniko_hooks.model import Place


class Source(NamedTuple):
    """A text that commands are read from, and where it comes from."""

    text: str
    locate: Callable[[int], Place]
    path: str | None = None  # of a followed script
