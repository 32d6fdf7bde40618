"""One configuration file through the check: what the tests of the CI readers compare."""

from __future__ import annotations

from collections.abc import Mapping

from kaniko_hooks.ci.recognise import recognise
from kaniko_hooks.model import Container
from kaniko_hooks.repository import Repository
from tests.golden.record import checked

K = '/kaniko/executor --cache=true -d'


def builds(path: str, text: str, files: Mapping[str, str] | None = None) -> dict[str, list[str]]:
    """The containers of a file with the builds of their worst run: `cache destinations xN`.

    The first word is the container's verdict.
    """
    contents = {path: text, **(files or {})}
    record = checked({name: content.encode() for name, content in contents.items()}, named=[path])
    assert record['exit'] < 2 and 'unreadable' not in str(record['findings']), record
    return {
        name: [verdict]
        + [
            ' '.join((cache, *destinations)) + (f' x{times}' if times != 1 else '')
            for _, times, cache, _, destinations in places
            if times
        ]
        for name, _, verdict, places in record['containers']
    }


def containers(
    path: str, text: str, files: Mapping[str, str] | None = None
) -> tuple[Container, ...]:
    """The containers of a file, whether they build or not."""
    repository = Repository('/nowhere', {path: text, **(files or {})})
    system, reads = recognise(repository, path)
    assert system is not None
    return reads().containers
