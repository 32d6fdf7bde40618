"""The text that commands are read from."""

from __future__ import annotations

from collections.abc import Callable

from kaniko_hooks.model import Place
from kaniko_hooks.named_tuple import NamedTuple


class Source(NamedTuple):
    """A text that commands are read from, and where it comes from."""

    text: str
    locate: Callable[[int], Place]
    path: str | None = None  # of a followed script
