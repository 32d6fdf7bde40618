"""GitHub's actions: those that are defined in the repository, and Docker images."""

from __future__ import annotations

import posixpath
import re

from kaniko_hooks.ci.common import File, argv, commands, defaults
from kaniko_hooks.ci.github.context import Context
from kaniko_hooks.document.compose import InvalidYaml, compose
from kaniko_hooks.document.nodes import Node, fields, text_of, value_of
from kaniko_hooks.model import Script, Setting, Text
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.repository import Repository
from kaniko_hooks.text import concat, hole

_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")


class LocalAction(NamedTuple):
    """An action of the repository."""

    file: File
    document: Node

    @property
    def runs(self) -> Node | None:
        return value_of(self.document, 'runs')

    @property
    def kind(self) -> str:
        """'composite', 'docker', 'node20', …"""
        return text_of(value_of(self.runs, 'using'))

    @property
    def image(self) -> str:
        return text_of(value_of(self.runs, 'image')).removeprefix('docker://')

    def called(self, step: Node, context: Context) -> Context:
        """The context of the action, called by a step."""
        values = {name: value for name, value in context.values.items() if name[:7] != 'inputs.'}
        declared = defaults('inputs', value_of(self.document, 'inputs'), '${{')
        values |= {name.lower(): value for name, value in declared.items()}
        for name, field in fields(value_of(step, 'with')).items():
            unknown = hole(f'{name} of {context.file.path}:{field.key.start}')
            values[f'inputs.{name}'.lower()] = context.text(field.value) or unknown
        path = f'/{posixpath.dirname(self.file.path)}'
        folder = concat((hole('github.workspace'), Text(path)))
        return context._replace(
            file=self.file,
            values={**values, 'github.action_path': folder},
            variables={**context.variables, 'GITHUB_ACTION_PATH': Setting((folder,))},
            calls=(*context.calls, context.file.place(step)),
        )

    def docker_script(self, context: Context) -> Script | None:
        """The argv of a Docker action."""
        context = context.with_environment(value_of(self.runs, 'env'))
        entrypoint, args = (
            commands(self.file, value_of(self.runs, name), context.filled)
            for name in ('entrypoint', 'args')
        )
        return argv(entrypoint, args, fields(self.runs).get('args'), context.variables)


def local_action(repository: Repository, uses: str) -> LocalAction | None:
    """The action at a path like `./.github/actions/build`; None if it cannot be read.

    The repository may have been checked out into a folder of the workspace.
    """
    folder = posixpath.normpath(uses)
    while folder:
        for name in ('action.yml', 'action.yaml'):
            path = posixpath.normpath(f'{folder}/{name}')
            text = repository.known_text(path)
            try:
                documents = compose(text, path)
            except InvalidYaml:
                documents = []
            if documents:
                return LocalAction(File(path, text), documents[0])
        folder = folder.partition('/')[2]
    return None


def image_script(step: Node, context: Context) -> Script | None:
    """The argv of a step with `uses: docker://…`; `with.args` is one string."""
    passed = value_of(step, 'with')
    entrypoint, args = (
        commands(context.file, value_of(passed, name), context.filled)[:1]
        for name in ('entrypoint', 'args')
    )
    words = tuple(word for text in args for word in _words(text))
    return argv(entrypoint, words, fields(passed).get('args'), context.variables)


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
