"""GitHub's actions: those that are defined in the repository, and Docker images."""

from __future__ import annotations

import posixpath
import re

from kaniko_hooks.ci.common import argv, commands, defaults, place_of
from kaniko_hooks.ci.context import Context
from kaniko_hooks.document.compose import InvalidYaml, compose
from kaniko_hooks.document.nodes import Node, ScalarNode, fields, value_of
from kaniko_hooks.model import Script, Setting, Text
from kaniko_hooks.repository import Repository
from kaniko_hooks.text import concat, hole

_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")


def local_action(repository: Repository, uses: str) -> Node | None:
    """The action at a path like `./.github/actions/build`; None if it cannot be read.

    The repository may have been checked out into a folder of the workspace.
    """
    folder = posixpath.normpath(uses)
    while folder:
        for name in ('action.yml', 'action.yaml'):
            path = posixpath.normpath(f'{folder}/{name}')
            try:
                documents = compose(repository.known_text(path), path)
            except InvalidYaml:
                documents = []
            if documents:
                return documents[0]
        folder = folder.partition('/')[2]
    return None


def called(action: Node, step: Node, context: Context) -> Context:
    """The context of an action, called by a step."""
    values = {name: value for name, value in context.values.items() if name[:7] != 'inputs.'}
    declared = defaults('inputs', value_of(action, 'inputs'), '${{')
    values |= {name.lower(): value for name, value in declared.items()}
    for name, field in fields(value_of(step, 'with')).items():
        unknown = hole(f'{name} of {place_of(field.key)}')
        values[f'inputs.{name}'.lower()] = context.text(field.value) or unknown
    folder = concat((hole('github.workspace'), Text(f'/{posixpath.dirname(action.file)}')))
    return context._replace(
        values={**values, 'github.action_path': folder},
        variables={**context.variables, 'GITHUB_ACTION_PATH': Setting((folder,))},
        calls=(*context.calls, place_of(step)),
    )


def docker_script(holder: Node | None, context: Context) -> Script | None:
    """The argv of a Docker action, or of a step that names an image: its `args` are one text."""
    entrypoint, args = (
        commands(context.source, value_of(holder, name), context.filled)
        for name in ('entrypoint', 'args')
    )
    if isinstance(value_of(holder, 'args'), ScalarNode):
        args = tuple(word for text in args for word in _words(text))
    return argv(entrypoint, args, fields(holder).get('args'), context.variables)


def _words(text: Text) -> tuple[Text, ...]:
    """The words of a text, without their quotes."""
    shown = list(text.value)
    for gap in text.holes:  # which may have blanks and quotes
        shown[gap.start : gap.end] = 'x' * (gap.end - gap.start)
    words = []
    for word in _WORD.finditer(''.join(shown)):
        quotes = [word.start() + quote.start() for quote in re.finditer('["\']', word[0])]
        starts = [word.start(), *(at + 1 for at in quotes)]
        words.append(concat(map(text.part, starts, [*quotes, word.end()])))
    return tuple(words)
