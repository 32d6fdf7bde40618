"""What edits are meant to come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaniko_hooks.named_tuple import NamedTuple


class Claim(NamedTuple):
    """What an edit is meant to come to.

    - `parts`: each new job with the texts of its steps, in order.
    - `hidden`: the template, if there is one.
    - `needs`: for a part, the parts that it waits for besides the job's needs.
    - `cells`: the values of the matrix `variable`, which make one job run often.
    - `lender`: the template that had the script.
    - `unused`: variables that builds may find otherwise, since nothing uses them.
    """

    parts: Mapping[str, Sequence[str]]
    hidden: str | None
    needs: Mapping[str, Sequence[str]]
    variable: str | None = None
    cells: tuple[str, ...] = ()
    lender: str | None = None
    unused: frozenset[str] = frozenset()
