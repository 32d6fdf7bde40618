"""What is said where GitLab would refuse a configuration."""

from __future__ import annotations

from kaniko_hooks.model import Place


class InvalidPipeline(Exception):
    """GitLab would refuse the configuration.

    `message` says why; `file` (relative to the repository root), `offset` (code
    points) and `line` (1-based) say where, as far as that is known. `files` are
    those of the pipeline that were read until then.
    """

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.line = 1
        self.files: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        return self.place.file

    @property
    def offset(self) -> int:
        return self.place.offset

    def __str__(self) -> str:
        return f'{self.file}:{self.line}: {self.message}'
