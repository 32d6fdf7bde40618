"""The files of a repository as the evaluator sees them, without a file system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath


class ScriptFiles:
    """Texts by their paths, which are relative to the repository's root."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def readable(self, path: str) -> str | None:
        return self.texts.get(path)

    def files(self) -> Sequence[str]:
        return sorted(self.texts)

    def is_folder(self, path: str) -> bool:
        return any(PurePosixPath(path) in PurePosixPath(name).parents for name in self.texts)
