"""What edits are meant to come to."""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple


class Claim(NamedTuple):
    """What an edit is meant to come to.

    - `parts`: each new job with the texts of its steps, in order.
    - `hidden`: the template, if there is one; `added`: keywords of the parts
      that the job did not have.
    - `cells`: the values of the matrix variable, which make one job run often.
    """

    parts: Mapping[str, Sequence[str]]
    hidden: str | None
    added: Collection[str]
    variable: str | None = None
    cells: tuple[str, ...] = ()
