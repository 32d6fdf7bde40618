"""What the tests of the CI readers share: reading one file of a repository in memory."""

from __future__ import annotations

from collections.abc import Mapping

from kaniko_hooks.ci import others, recognise
from kaniko_hooks.document.compose import compose
from kaniko_hooks.model import NOT, Comparison, Container, Group, Guard, Reading
from kaniko_hooks.project import Repository


def repository(files: Mapping[str, str]) -> Repository:
    """A repository that has these files only."""
    return Repository('/nowhere', files)


def reading(path: str, text: str, files: Mapping[str, str] | None = None) -> Reading:
    """What the reader of a file's system makes of it."""
    documents = compose(text, path)
    system = recognise.system_of(path, documents)
    assert system is not None
    return others.read(repository({path: text, **(files or {})}), path, system, documents)


def only(result: Reading) -> Container:
    """The only container of a reading."""
    (container,) = result.containers
    return container


def texts(container: Container) -> list[list[str]]:
    """The command texts of each part."""
    return [[command.text for command in part.commands] for part in container.parts]


def shown(guard: Guard) -> str:
    """A guard as a text: 'x == a', 'x ^= a' for a prefix, 'x?' for the truth of x."""
    if isinstance(guard, Comparison):
        if not guard.value:
            return f'not {guard.subject}?'
        return f'{guard.subject} {"^=" if guard.prefix else "=="} {guard.value}'
    if not isinstance(guard, Group):
        return str(guard)
    if guard.kind == NOT:
        inner = shown(guard.parts[0])
        return inner[4:] if inner.startswith('not ') and inner.endswith('?') else f'not {inner}'
    return f'({f" {guard.kind} ".join(map(shown, guard.parts))})'
