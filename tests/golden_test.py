"""Both hooks still do what is frozen in tests/golden."""

from __future__ import annotations

import pytest

from tests.golden.data import differences
from tests.golden.record import RECORDERS


@pytest.mark.parametrize('kind', RECORDERS)
@pytest.mark.parametrize('part', range(4))
def test_behaviour_is_frozen(kind: str, part: int) -> None:
    assert list(differences(kind, part, 4)) == []
