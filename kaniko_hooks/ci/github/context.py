"""GitHub's expressions: what `${{ … }}` and `if:` can refer to, as far as it is known.

Sources: docs.github.com/actions/reference/workflows-and-actions, "Contexts" and
"Expressions" (texts are compared without regard to case).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaniko_hooks.ci import cond
from kaniko_hooks.ci.common import (
    File,
    Settings,
    environment,
    filled,
    folder_in,
    matrix_cells,
    resolved,
)
from kaniko_hooks.document.nodes import Node, ScalarNode, fields, items_of, value_of
from kaniko_hooks.model import Cond, Place, Setting, Text
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.text import hole

EXPRESSION = r"\$\{\{((?:'[^']*'|[^'}]|\}(?!\})){0,1000})\}\}"


class Context(NamedTuple):
    """Surroundings of a step.

    - `variables`: of the shell, and alternatives of holes.
    - `values`: what a name stands for in a text: a default, or what a caller passed.
    - `cond`, `always`: when the step's action runs, also after a failure.
    - `calls`: the steps that call the action, outermost first.
    """

    file: File
    variables: Settings
    values: Mapping[str, Text]
    directory: str | None = ''
    shell: str = ''
    cond: Cond = True
    always: bool = False
    calls: tuple[Place, ...] = ()

    def filled(self, text: Text) -> Text:
        """The text with known values put in, and a hole for each other expression."""
        names = Names(self)
        return filled(text, EXPRESSION, lambda match: cond.evaluated(match[1], match[0], names))

    def text(self, node: Node | None) -> Text | None:
        """The text of a scalar, as far as it is known; None for anything else."""
        if not isinstance(node, ScalarNode):
            return None
        return resolved(self.filled(Text(node.value)), self.variables)

    def shown(self, node: Node | None) -> str:
        """The text of a scalar, with the unknown as it is written; '' for anything else."""
        text = self.text(node)
        return text.value if text else ''

    def folder(self, node: Node | None) -> str | None:
        """The folder that a scalar names in the workspace; None if that is not known."""
        text = self.text(node)
        top = None if self.directory is None else ''
        return folder_in(top, text) if text else self.directory

    def with_environment(self, node: Node | None) -> Context:
        """The context with the variables of an `env:` added."""
        added = environment(self.file, node, self.filled)
        return self._replace(variables={**self.variables, **added})

    def with_defaults(self, node: Node, shell: str = '') -> Context:
        """The context with `defaults.run` of a workflow or job."""
        run = value_of(node, 'defaults', 'run')
        return self._replace(
            directory=self.folder(value_of(run, 'working-directory')),
            shell=self.shown(value_of(run, 'shell')) or self.shell or shell,
        )


class Names(cond.Dialect):
    """Names in texts: all that is known of them is put in."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def value(self, name: str) -> Text:
        scope, _, rest = name.partition('.')
        if scope == 'env' and rest in self.context.variables:
            values = self.context.variables[rest].values
            if len(values) == 1:
                return values[0]
        name, calls = name.lower(), self.context.calls
        if not calls and name.startswith('github.event.inputs.'):
            name = name.removeprefix('github.event.')
        if name in self.context.values:
            return self.context.values[name]
        if calls and scope == 'inputs':
            return Text('')
        if calls and scope == 'steps':
            name = ''.join(f'{place.file}:{place.offset} ' for place in calls) + name
        return super().value(name)


class Conditions(Names):
    """Names in the `if:` of a step.

    Defaults are put in only inside of a called action: whoever starts a workflow may
    pass another value. What a step may change has a name for each version;
    `before` are those of the step before, `step` is a new one.
    """

    def __init__(self, context: Context, before: Mapping[str, int], step: int) -> None:
        super().__init__(context)
        self.before = before
        self.step = step
        self.versions: dict[str, int] = {}

    def value(self, name: str) -> Text:
        lower = name.lower()
        if lower.partition('.')[0] in ('env', 'job', 'hashfiles'):
            version = self.versions[name] = self.before.get(name, self.step)
            return hole(f'{lower}@{version}')
        if not self.context.calls and '.inputs.' in f'.{lower}':
            return hole(f'inputs.{lower.rpartition(".")[2]}')
        if lower.startswith('matrix.'):
            # Its values are compared without regard to case, but not in a shell.
            return hole(f'{lower} in lower case')
        return super().value(name)

    def equal(self, left: Text, right: Text) -> Cond:
        return super().equal(_lowered(left), _lowered(right))

    def call(self, name: str, arguments: Sequence[Text], result: Text) -> Cond:
        if name in ('always', 'failure', 'cancelled'):
            return None
        if name == 'success':
            return True
        prefix = arguments[1].known if len(arguments) == 2 else None
        if name == 'startswith' and prefix is not None:
            return cond.begins(_lowered(arguments[0]), prefix.lower())
        return self.truth(result)


def _lowered(value: Text) -> Text:
    return Text(value.value.lower(), value.holes)


def matrix(node: Node | None, context: Context) -> Settings:
    """'matrix.x' -> the values that it has in the cells of a `strategy.matrix`."""
    values: dict[str, list[str]] = {}
    for name, cells in matrix_cells(node).items():
        for cell in cells:
            inner = {f'{name}.{key}': field.value for key, field in fields(cell).items()}
            for path, leaf in {name: cell, **inner}.items():
                if isinstance(leaf, ScalarNode):
                    values.setdefault(path, []).append(leaf.value)
    if fields(node).keys() == {'include'}:
        rows = len(items_of(value_of(node, 'include')))
        for texts in values.values():
            texts += [''] * (len(texts) < rows)  # a cell that lacks the name
    distinct = {path: map(Text, dict.fromkeys(texts)) for path, texts in values.items()}
    return {
        f'matrix.{path}'.lower(): Setting(tuple(dict.fromkeys(map(context.filled, texts))))
        for path, texts in distinct.items()
    }
