"""Our named tuples do what typing's do."""

from __future__ import annotations

import pytest

from kaniko_hooks.named_tuple import NamedTuple


class Pair(NamedTuple):
    """Two of a kind."""

    first: str
    second: int = 2
    third: tuple[str, ...] = ()

    @property
    def both(self) -> str:
        return f'{self.first}{self.second}'


@pytest.mark.parametrize(
    'pair',
    (
        pytest.param(Pair('a', 2, ()), id='in order'),
        pytest.param(Pair('a'), id='defaults'),
        pytest.param(Pair('a', 2), id='some defaults'),
        pytest.param(Pair(first='a'), id='by name'),
        pytest.param(Pair('a', third=()), id='some by name'),
    ),
)
def test_made(pair: Pair) -> None:
    assert (pair.first, pair.second, pair.third, pair.both) == ('a', 2, (), 'a2')
    assert tuple(pair) == ('a', 2, ())


def test_replaced() -> None:
    assert Pair('a')._replace(second=5) == ('a', 5, ())


def test_shown() -> None:
    assert repr(Pair('a', 5)) == "Pair(first='a', second=5, third=())"
    assert not hasattr(Pair('a'), '__dict__')
    assert Pair.__doc__ == 'Two of a kind.'
    assert type(Pair) is type
