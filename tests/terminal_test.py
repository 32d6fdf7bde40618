from __future__ import annotations

import io
import sys
from collections.abc import Mapping

import pytest

from kaniko_hooks.terminal import paint, safe, use_color
from tests.conftest import Terminal


@pytest.mark.parametrize(
    ('option', 'stream', 'environ', 'expected'),
    (
        pytest.param('auto', io.StringIO(), {}, False, id='a pipe'),
        pytest.param('never', Terminal(), {}, False, id='never'),
        pytest.param('auto', Terminal(), {'NO_COLOR': '1'}, False, id='NO_COLOR'),
        pytest.param('auto', Terminal(), {'TERM': 'dumb'}, False, id='dumb'),
        pytest.param('auto', Terminal(), {'TERM': 'xterm', 'NO_COLOR': ''}, True, id='a terminal'),
        pytest.param('auto', io.StringIO(), {'FORCE_COLOR': '1'}, True, id='FORCE_COLOR'),
        pytest.param('always', io.StringIO(), {'NO_COLOR': '1'}, True, id='always'),
    ),
)
def test_use_color(
    option: str,
    stream: io.StringIO,
    environ: Mapping[str, str],
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ('NO_COLOR', 'FORCE_COLOR', 'TERM'):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, 'stdout', stream)
    assert use_color(option) is expected


def test_paint() -> None:
    assert paint('x', 'red', False) == 'x'
    assert paint('', 'red', True) == ''
    assert paint('x', 'red', True) == '\x1b[1;31mx\x1b[0m'


@pytest.mark.parametrize('text', ('plain', 'grün', '漢字', 'e\u0301', '\ue000'))
def test_safe_noop(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('\x1b[31mred', '\\x1b[31mred'),
        ('a\rb\nc\td', 'a\\rb\\nc\\td'),
        ('\x9b31m\x7f', '\\x9b31m\\x7f'),
        ('a\u202eb\u2066\ufeff', 'a\\u202eb\\u2066\\ufeff'),
        ('\u2028\u2029', '\\u2028\\u2029'),
        ('caf\udce9', 'caf\\udce9'),
        ('\U000e0041', '\\U000e0041'),
    ),
)
def test_safe(text: str, expected: str) -> None:
    assert safe(text) == expected
