"""The frozen records, and how they differ from what the hooks do now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tests.golden.record import RECORDERS, Record

FOLDER = Path(__file__).parent


def frozen(kind: str) -> dict[str, Record]:
    """The records of a kind of cases by the names of the cases."""
    lines = (FOLDER / f'{kind}.jsonl').read_text(encoding='utf-8').splitlines()
    return dict(json.loads(line) for line in lines)


def differences(kind: str) -> Iterator[str]:
    """One text for each case whose record is not the frozen one."""
    before, now = frozen(kind), dict(RECORDERS[kind]())
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            yield f'{name}\n  frozen: {before.get(name)}\n  now:    {now.get(name)}'


def write(kind: str) -> None:
    """Freeze what the hooks do now."""
    lines = (json.dumps([name, record], ensure_ascii=False) for name, record in RECORDERS[kind]())
    text = ''.join(f'{line}\n' for line in lines)
    (FOLDER / f'{kind}.jsonl').write_text(text, encoding='utf-8')
