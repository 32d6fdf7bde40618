"""Both hooks still do what is frozen in tests/golden."""

from __future__ import annotations

import pytest

from tests.golden.data import differences
from tests.golden.record import RECORDERS


@pytest.mark.parametrize('kind', RECORDERS)
def test_behaviour_is_frozen(kind: str) -> None:
    assert '\n'.join(differences(kind)) == ''
