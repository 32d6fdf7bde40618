"""Both hooks still do what is frozen in tests/golden."""

from __future__ import annotations

import pytest

from tests.golden.data import differences
from tests.golden.record import RECORDERS

SLOW = pytest.param('practice', marks=pytest.mark.slow)


@pytest.mark.parametrize('kind', [SLOW, *sorted(RECORDERS.keys() - {'practice'})])
def test_behaviour_is_frozen(kind: str) -> None:
    assert '\n'.join(differences(kind)) == ''
