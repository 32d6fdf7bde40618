"""GitHub's expressions: what `${{ … }}` and `if:` can refer to, as far as it is known.

Sources: docs.github.com/actions/reference/workflows-and-actions, "Contexts" and
"Expressions" (texts are compared without regard to case).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kaniko_hooks.ci.common import Settings, matrix_cells
from kaniko_hooks.ci.context import Context, Names
from kaniko_hooks.document.nodes import Node, ScalarNode, fields, items_of, value_of
from kaniko_hooks.model import Cond, Match, Setting, Text
from kaniko_hooks.text import hole

EXPRESSION = r"\$\{\{((?:'[^']*'|[^'}]|\}(?!\})){0,1000})\}\}"


class Values(Names):
    """Values of names in texts."""

    pattern = EXPRESSION

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
            name = self.of_this_call(name)
        return super().value(name)


class Conditions(Values):
    """Names in the `if:` of a step.

    Defaults of a workflow, which are settings of variables, do not decide them: whoever
    starts it may pass another value. What a step may change has a name for each version;
    `before` are those of the step before, `step` is a new one.
    """

    def __init__(self, context: Context, before: Mapping[str, Text], step: int) -> None:
        super().__init__(context)
        self.before = before
        self.step = step
        self.versions: dict[str, Text] = {}

    def value(self, name: str) -> Text:
        lower = name.lower()
        if lower.partition('.')[0] in ('env', 'job', 'hashfiles'):
            self.versions[name] = self.before.get(name, hole(f'{lower}@{self.step}'))
            return self.versions[name]
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
            pattern = re.sub(r'([*?\[\\])', r'\\\1', prefix.lower())
            return Match(_lowered(arguments[0]), f'{pattern}*')
        return self.truth(result)


def _lowered(value: Text) -> Text:
    return Text(value.value.lower(), value.holes)


def matrix(node: Node | None, context: Context) -> Settings:
    """'matrix.x' -> the values that it has in the cells of a `strategy.matrix`."""
    values: dict[str, list[Text]] = {}
    for name, cells in matrix_cells(node).items():
        for cell in cells:
            inner = {f'{name}.{key}': field.value for key, field in fields(cell).items()}
            for path, leaf in {name: cell, **inner}.items():
                if isinstance(leaf, ScalarNode):
                    texts = values.setdefault(f'matrix.{path}'.lower(), [])
                    texts.append(context.filled(Text(leaf.value)))
    if fields(node).keys() == {'include'}:
        rows = len(items_of(value_of(node, 'include')))
        for texts in values.values():
            texts += [Text('')] * (len(texts) < rows)  # a cell that lacks the name
    return {name: Setting(tuple(dict.fromkeys(texts))) for name, texts in values.items()}
