"""GitHub's actions that are defined in the repository, and the words of Docker actions."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from kaniko_hooks.ci.github import expressions
from kaniko_hooks.ci.github.expressions import Context
from kaniko_hooks.ci.values import File, commands, in_repository, keyed
from kaniko_hooks.document.compose import InvalidYaml, compose
from kaniko_hooks.document.fields import fields, value_of
from kaniko_hooks.document.nodes import Node, ScalarNode
from kaniko_hooks.model import Command, Variable
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.project import Repository, Unreadable

_WORD = re.compile(r"""(?:\$\{\{.*?\}\}|"[^"]*"|'[^']*'|[^\s"'])+""")


class LocalAction(NamedTuple):
    """An action of the repository."""

    file: File
    document: Node

    def context(self, caller: File, given: Node | None, context: Context) -> Context:
        """What the action's own expressions can refer to, called with `given` (`with:`)."""
        known = {
            name: found for name, found in context.values.items() if not name.startswith('inputs.')
        }
        known.update(expressions.input_values(value_of(self.document, 'inputs')))
        for name, field in fields(given).items():
            # What is passed but not known must not fall back to the default.
            known.pop(f'inputs.{name}'.lower(), None)
            if isinstance(field.value, ScalarNode):
                found = expressions.texts(field.value.value, context)
                if not any('${{' in text for text in found):
                    known[f'inputs.{name}'.lower()] = found
        folder = posixpath.dirname(self.file.path) or '.'
        known['github.action_path'] = (f'${{{{ github.workspace }}}}/{folder}',)
        environment = dict(context.environment)
        environment['GITHUB_ACTION_PATH'] = Variable((f'$GITHUB_WORKSPACE/{folder}',), expand=True)
        return context._replace(values=known, environment=environment)

    def argv(self, context: Context) -> tuple[tuple[Command, ...], tuple[Command, ...]]:
        """Entrypoint and arguments of a Docker action."""
        runs = value_of(self.document, 'runs')
        entrypoint = commands(self.file, value_of(runs, 'entrypoint'))
        words = commands(self.file, value_of(runs, 'args'))
        field = fields(runs).get('args')
        return entrypoint, keyed(
            tuple(expressions.resolved(word, context) for word in words), field, bool(entrypoint)
        )


def local_action(repository: Repository, uses: str, checkout: str) -> LocalAction | None:
    """The action at a path like `./.github/actions/build`; None if it cannot be read."""
    folder = in_repository(posixpath.normpath(uses), checkout)
    if folder is None:
        return None
    for name in ('action.yml', 'action.yaml'):
        path = name if folder in ('', '.') else f'{folder}/{name}'
        try:
            text = repository.text(path)
            documents: Sequence[Node] = compose(text, path) if text is not None else ()
        except (Unreadable, InvalidYaml):
            return None
        if text is not None and documents:
            return LocalAction(File(path, text), documents[0])
    return None


def arguments(file: File, given: Node | None, context: Context) -> tuple[Command, ...]:
    """The words of `with.args`, a string, for `uses: docker://…`."""
    field = fields(given).get('args')
    if field is None or not isinstance(field.value, ScalarNode):
        return ()
    whole = expressions.resolved(file.command(field.value), context)
    words = tuple(_unquoted(whole, match) for match in _WORD.finditer(whole.text))
    return keyed(words, field, 'entrypoint' in fields(given))


def _unquoted(whole: Command, word: re.Match[str]) -> Command:
    kept = [word.start() + at for at, char in enumerate(word[0]) if char not in '"\'']
    text = ''.join(whole.text[at] for at in kept)
    kept.append(word.end())
    return Command(
        text, whole.file, whole.locate(kept[0]), lambda offset: whole.locate(kept[offset])
    )
