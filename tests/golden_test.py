"""Both hooks still do what is frozen in tests/golden."""

from __future__ import annotations

import pytest

from tests.golden.data import differences, frozen
from tests.golden.record import RECORDERS

UNSAFE = ' --unsafe'
PARTS = 4


@pytest.mark.parametrize('kind', RECORDERS)
@pytest.mark.parametrize('part', range(PARTS))
def test_behaviour_is_frozen(kind: str, part: int) -> None:
    rest = redundant(kind)
    changed = differences(kind, lambda names: [n for n in names[part::PARTS] if n not in rest])
    assert '\n'.join(changed) == ''


@pytest.mark.slow
def test_redundant_records_are_frozen() -> None:
    assert '\n'.join(differences('fix', lambda names: sorted(redundant('fix')))) == ''


def redundant(kind: str) -> set[str]:
    """Records that say no more than others: --unsafe changes nothing, or the case has its files."""
    records = frozen(kind)
    return {
        name
        for name, record in records.items()
        if kind == 'fix'
        and (
            records[name.removesuffix(UNSAFE)] == record
            if name.endswith(UNSAFE)
            else name.startswith('fix/')
        )
    }
