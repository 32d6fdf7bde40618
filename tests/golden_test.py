"""Both hooks still do what is frozen in tests/golden."""

from __future__ import annotations

import pytest

from tests.golden.data import differences, frozen
from tests.golden.record import RECORDERS

UNSAFE = ' --unsafe'


@pytest.mark.parametrize('kind', RECORDERS)
@pytest.mark.parametrize('part', range(4))
def test_behaviour_is_frozen(kind: str, part: int) -> None:
    skipped = alike(kind)
    names = differences(kind, lambda names: [n for n in names[part::4] if n not in skipped])
    assert list(names) == []


@pytest.mark.slow
@pytest.mark.parametrize('kind', RECORDERS)
def test_an_option_that_changes_nothing_still_changes_nothing(kind: str) -> None:
    assert list(differences(kind, lambda names: sorted(alike(kind)))) == []


def alike(kind: str) -> set[str]:
    """The cases that are run with an option once more, with the same record."""
    records = frozen(kind)
    return {
        name
        for name, record in records.items()
        if name.endswith(UNSAFE) and records[name.removesuffix(UNSAFE)] == record
    }
