from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kaniko_hooks.repository import OF_ONE_REPOSITORY

# As a hook of git the tests would write into the repository that runs them.
for _name in OF_ONE_REPOSITORY:
    os.environ.pop(_name, None)

# As for a client of hooks, which shows nothing of a hook that passes.
os.environ['PRE_COMMIT'] = '1'
for _name in ('COLUMNS', 'FORCE_COLOR', 'NO_COLOR'):
    os.environ.pop(_name, None)

# A shell's background job ignores SIGINT, and so would everything that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

Write = Callable[[Mapping[str, str | bytes]], Path]


class Terminal(io.StringIO):
    """An output that is not piped."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes files into a new repository, which becomes the working directory."""
    (tmp_path / '.git').mkdir()
    monkeypatch.chdir(tmp_path)

    def write_files(texts: Mapping[str, str | bytes]) -> Path:
        for name, text in texts.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return write_files
