"""Paths in a script -> paths in the repository, as far as they are known."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.model import Fragment
from kaniko_hooks.old_shell.machine import Machine
from kaniko_hooks.old_shell.state import DIRECTORY, OLD_DIRECTORY
from kaniko_hooks.old_shell.values import Bit, Field, Scalar, known, merged

# The checkout, as CI systems call it.
_ROOT = re.compile(
    r'\$(?:\{?(?:CI_PROJECT_DIR|GITHUB_WORKSPACE|CIRCLE_WORKING_DIRECTORY|DRONE_WORKSPACE'
    r'|CI_WORKSPACE|VELA_WORKSPACE|BITBUCKET_CLONE_DIR|BUILD_SOURCESDIRECTORY'
    r'|BUILD_SOURCES_DIRECTORY)\}?'
    r'|\{\{\s*github\.workspace\s*\}\}|\(workspaces\.[\w-]+\.path\))'
)
_HERE = re.compile(r'\$\{?PWD\}?')
ROOT = Fragment('$CI_PROJECT_DIR', False)


def repository_path(machine: Machine, fragments: Sequence[Fragment | Bit]) -> str | None:
    """The path relative to the repository root; None if unknown or outside."""
    base = machine.state.get(DIRECTORY)
    folder = ''.join(each.text for each in base.fragments) if isinstance(base, Scalar) else None
    rest = [each for each in fragments if each.text]
    if rest and not rest[0].known:
        if _ROOT.fullmatch(rest[0].text):
            folder = ''
        elif not _HERE.fullmatch(rest[0].text):
            return None
        rest = rest[1:]
        if rest and not rest[0].text.startswith('/'):
            return None
        text = ''.join(each.text for each in rest).lstrip('/')
    else:
        text = ''.join(each.text for each in rest)
    if machine.root and f'{text}/'.startswith(f'{machine.root}/'):
        folder, text = '', text[len(machine.root) :].lstrip('/')
    if folder is None or text.startswith(('/', '~')) or not all(each.known for each in rest):
        return None
    return None if folder.startswith('/') else normal(f'{folder}/{text}')


def outside(machine: Machine, fragments: Sequence[Fragment | Bit]) -> str | None:
    """The absolute path of what a known path names outside of the repository, else None."""
    if not all(each.known for each in fragments):
        return None
    text = ''.join(each.text for each in fragments)
    base = machine.state.get(DIRECTORY)
    folder = ''.join(each.text for each in base.fragments) if isinstance(base, Scalar) else ''
    if text[:1] == '~' or '/' not in (text[:1], folder[:1]):
        return None
    path = normal(text if text.startswith('/') else f'{folder}/{text}')
    return None if path is None else '/' + path


def written(machine: Machine, fragments: Sequence[Fragment | Bit]) -> str:
    """The key of a file that a script writes, however its path is spelled."""
    path = repository_path(machine, fragments)
    elsewhere = outside(machine, fragments)
    if elsewhere is not None:
        return '>' + elsewhere
    return '>' + (''.join(each.text for each in fragments) if path is None else './' + path)


def normal(path: str) -> str | None:
    """Without `.`, `..` and doubled slashes; None above the root."""
    parts: list[str] = []
    for part in path.split('/'):
        if part == '..':
            if not parts:
                return None
            parts.pop()
        elif part not in ('', '.'):
            parts.append(part)
    return '/'.join(parts)


def absolute(path: str) -> Scalar:
    """A path in the repository, or one outside, as a script sees it."""
    if path.startswith('/'):
        return known(path)
    return Scalar(tuple(merged((ROOT, Fragment('/' + path if path else '', True)))))


def enter(machine: Machine, field: Field | None) -> None:
    """`cd`: without or with an unknown folder the directory is not known.

    It begins with `/` outside of the repository, and is relative to its root inside.
    """
    state = machine.state
    here = state.get(DIRECTORY)
    if field is not None and field.text == '-':
        state.set(DIRECTORY, state.get(OLD_DIRECTORY))
    else:
        path = repository_path(machine, field.bits) if field else None
        if field is not None and path is None:
            path = outside(machine, field.bits)
        state.set(DIRECTORY, None if path is None else known(path))
    state.set(OLD_DIRECTORY, here)
