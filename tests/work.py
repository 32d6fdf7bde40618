"""The work of a call, whatever else the machine does meanwhile: calls are counted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType


def calls(function: Callable[[], object]) -> int:
    """The number of functions that are called, Python's and those written in C."""
    total = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal total
        total += event in ('call', 'c_call')

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return total
