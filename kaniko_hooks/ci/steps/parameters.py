"""Parameters, variables and defaults that a step inherits from the mappings around it.

Sources: tekton.dev/docs/pipelines/{tasks,pipelineruns} (defaults, propagated
parameters), argo-workflows.readthedocs.io (variables),
kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.ci.common import (
    MAX_COMMANDS,
    Entries,
    Settings,
    Source,
    filled,
    image_of,
    is_null,
    matrix_cells,
    named_values,
    place_of,
    resolved,
    value_in,
)
from kaniko_hooks.ci.steps.dialects import DIALECTS, Dialect
from kaniko_hooks.ci_paths import System
from kaniko_hooks.document.nodes import (
    Node,
    ScalarNode,
    SequenceNode,
    fields,
    items_of,
    text_of,
    value_of,
)
from kaniko_hooks.model import Setting, Text
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.repository import Unreadable
from kaniko_hooks.text import hole

_KUBERNETES = r'\$\$|\$\(([A-Za-z_][\w.-]*)\)'

# A parameter: a text, or the words of an array.
Value = Text | tuple[Text, ...]


class Scope(NamedTuple):
    """Things that a container inherits from the mappings around it.

    - `label`: the name of the mapping around it.
    - `values`: of parameters; a default goes before none that is `passed`, wherever that is.
    - `templates`: the fields that containers have by default, by their key.
    """

    source: Source
    system: System
    dialect: Dialect
    directory: str | None = ''
    label: str = ''
    image: Setting | None = None
    variables: Settings = {}
    values: Mapping[str, Value] = {}
    passed: frozenset[str] = frozenset()
    templates: Mapping[str, Entries] = {}

    def within(self, entries: Entries, is_root: bool) -> Scope:
        """The scope of what is in a mapping with these fields."""
        scope = self._replace(label=text_of(value_in(entries, 'task', self.dialect.label)))
        if self.dialect.is_pod:
            scope = scope._with_parameters(entries)
        # Of a task of Concourse, whose `config` is below.
        elif is_root or 'task' in entries:
            scope = scope._with_variables(entries)
        templates = {
            name: fields(field.value)
            for name, field in fields(value_in(entries, 'templateDefaults')).items()
        }
        if 'stepTemplate' in entries:
            templates['steps'] = fields(entries['stepTemplate'].value)
        return scope._replace(templates=templates or self.templates)

    def _with_variables(self, entries: Entries) -> Scope:
        values = dict(self.values)
        scope = self._replace(values=values)
        # Of Cloud Build; who starts a build has to give those that are null.
        for name, field in fields(value_in(entries, 'substitutions')).items():
            if not is_null(field.value):
                scope._add(name, field.value, values)
        variables = {**self.variables, **scope.environment(entries)}
        variables |= scope.environment(fields(value_in(entries, 'options')))
        # Woodpecker runs a workflow once for each combination.
        for name, cells in matrix_cells(value_in(entries, 'matrix')).items():
            texts = dict.fromkeys(Text(text_of(cell)) for cell in cells)
            variables[name] = Setting(tuple(texts))
        return scope._replace(image=scope.image_in(entries), variables=variables)

    def _with_parameters(self, entries: Entries) -> Scope:
        values, passed, variables = dict(self.values), set(self.passed), dict(self.variables)
        prefix = 'tt.params' if 'resourcetemplates' in entries else 'params'
        inputs = value_in(entries, 'inputs')
        for kind, node in (
            (prefix, value_in(entries, 'params', 'parameters')),
            (prefix, value_of(inputs, 'params')),  # of Tekton, up to v1alpha1
            ('inputs.parameters', value_of(inputs, 'parameters')),
            ('workflow.parameters', value_of(value_in(entries, 'arguments'), 'parameters')),
        ):
            for item in items_of(node):
                name = f'{kind}.{text_of(value_of(item, "name"))}'
                value = value_of(item, 'value')
                if value is not None:
                    passed.add(name)
                elif name not in passed:
                    value = value_in(fields(item), 'default', 'defaults')
                # A parameter may be named in its own value: there it is that of a mapping around.
                self._add(name, value, values)
        for item in items_of(value_of(value_in(entries, 'matrix'), 'params')):
            name = f'params.{text_of(value_of(item, "name"))}'
            passed.add(name)
            values[name] = hole(name, f'$({name})')
            cells = items_of(value_of(item, 'value'))
            scalars = [cell for cell in cells if isinstance(cell, ScalarNode)]
            variables[name] = Setting(tuple(Text(cell.value) for cell in scalars))
        return self._replace(values=values, passed=frozenset(passed), variables=variables)

    def _add(self, name: str, node: Node | None, values: dict[str, Value]) -> None:
        if isinstance(node, ScalarNode):
            text = Text(node.value)
            values[name] = self._array(text) or self.filled(text)
        elif isinstance(node, SequenceNode):
            items = [Text(text_of(item)) for item in node.items]
            words = tuple(word for item in items for word in self.words(item))
            if len(words) > MAX_COMMANDS:
                raise Unreadable('has a list that is too long')
            values[name] = words
            values.update({f'{name}[{index}]': word for index, word in enumerate(words)})

    def filled(self, text: Text) -> Text:
        """The text with known parameters put in, and a hole for each other reference."""
        return filled(text, self.dialect.reference, self._value)

    def _value(self, match: re.Match[str]) -> Text | str:
        name = _name(match)
        value = self.values.get(name)
        return (value if isinstance(value, Text) else hole(name, match[0])) if name else '$'

    def words(self, text: Text) -> tuple[Text, ...]:
        """The words of an argv that one item stands for: several if it is a whole array."""
        array = self._array(text)
        if array is None:
            return (self.filled(text),)
        return tuple(text.replaced([(0, len(text.value), word)]) for word in array)

    def _array(self, text: Text) -> tuple[Text, ...] | None:
        """The array that a reference to a whole one, `$(params.x[*])` or `$(params.x)`, is."""
        match = re.fullmatch(self.dialect.reference, text.value)
        name = _name(match).removesuffix('[*]') if match else ''
        value = self.values.get(name)
        return value if isinstance(value, tuple) else None

    def environment(self, entries: Entries) -> dict[str, Setting]:
        """The variables that a mapping with these fields sets itself."""
        settings: dict[str, Setting] = {}
        for name in self.dialect.variables:
            for key, text, place in named_values(value_in(entries, name)):
                values = () if text is None else (self._value_of(text, settings),)
                settings[key] = Setting(values, (place,))
        return settings

    def _value_of(self, text: Text, before: Settings) -> Text:
        """The value of a variable, which may refer to those before it."""
        before = {**self.variables, **before}
        text = filled(text, self.dialect.in_values or self.dialect.reference, self._value)
        return resolved(in_argv(text, before) if self.dialect.is_pod else text, before)

    def image_in(self, entries: Entries) -> Setting | None:
        """The image of a mapping with these fields, its own or an inherited one."""
        node = value_in(entries, self.dialect.image)
        image = image_of(value_of(node, 'name') or node, self.filled)
        if image is not None:
            return image
        source = value_in(entries, 'image_resource')
        repository = value_of(source, 'source', 'repository')
        if not isinstance(repository, ScalarNode):
            return self.image
        tag = text_of(value_of(source, 'source', 'tag'))
        name = f'{repository.value}:{tag}' if tag else repository.value
        return Setting((self.filled(Text(name)),), (place_of(repository),))


def scope_of(source: Source, system: System, outer: Scope | None = None) -> Scope:
    """The scope at the top of a document, or of a resource of another system within one."""
    dialect = DIALECTS[system.reader.partition(':')[2]]
    scope = Scope(source, system, dialect, dialect.directory)
    # Parameters of a trigger are put into the resources that it has.
    return scope._replace(values=outer.values, passed=outer.passed) if outer else scope


def in_argv(text: Text, variables: Settings) -> Text:
    """A word of a pod container's argv, or a value of its variables: `$$` and `$(VAR)`.

    A `$(command)` of a script, which is no variable, is left to its shell.
    """
    is_word = not re.search(r'\s', text.value)

    def value(match: re.Match[str]) -> Text | str:
        name = match[1]
        if name is None:
            return '$'
        if name in variables:
            return hole(name, match[0])
        return hole(match[0]) if is_word else match[0]

    return filled(text, _KUBERNETES, value)


def _name(match: re.Match[str]) -> str:
    """The name of a reference: `params['x']` is `params.x`."""
    name = next((group for group in match.groups() if group), '').strip()
    return re.sub(r'\[["\']([^"\'\]]+)["\']\]', r'.\1', name)
