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
    MappingNode,
    Node,
    ScalarNode,
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

    - `kind`: of the Kubernetes resource; `label`: the name of the mapping around it.
    - `passed`: values of parameters that were passed; they go before `defaults`,
      whichever is further in.
    - `templates`: the fields that containers have by default, by their key.
    """

    source: Source
    system: System
    dialect: Dialect
    directory: str | None = ''
    kind: str = ''
    label: str = ''
    image: Setting | None = None
    variables: Settings = {}
    passed: Mapping[str, Value] = {}
    defaults: Mapping[str, Value] = {}
    templates: Mapping[str, Entries] = {}

    def within(self, entries: Entries, is_root: bool) -> Scope:
        """The scope of what is in a mapping with these fields."""
        scope = self._replace(label=text_of(value_in(entries, 'task', self.dialect.label)))
        if self.dialect.is_pod:
            scope = scope._with_parameters(entries)
        # Of a task of Concourse, whose `config` is below.
        elif is_root or 'task' in entries:
            # Woodpecker runs a workflow once for each combination.
            matrix = {
                name: Setting(tuple(dict.fromkeys(Text(text_of(cell)) for cell in cells)))
                for name, cells in matrix_cells(value_in(entries, 'matrix')).items()
            }
            # 'options': of Cloud Build.
            holders = (entries, fields(value_in(entries, 'options')))
            scope = scope._with_substitutions(fields(value_in(entries, 'substitutions')))
            own = [scope.environment(holder) for holder in holders]
            scope = scope._replace(
                image=scope.image_in(entries),
                variables={**scope.variables, **own[0], **own[1], **matrix},
            )
        if 'stepTemplate' in entries:
            scope = scope._replace(templates={'steps': fields(entries['stepTemplate'].value)})
        if 'templateDefaults' in entries:
            kinds = fields(entries['templateDefaults'].value)
            templates = {name: fields(field.value) for name, field in kinds.items()}
            scope = scope._replace(templates=templates)
        return scope

    def with_template(self, key: str, entries: Entries) -> tuple[Entries, Scope]:
        """The fields of a container with this key, and with those that it has by default.

        Sources: argo-workflows.readthedocs.io, "Template Defaults"; tekton.dev/docs/pipelines,
        "Specifying a Step template": merged, variables by name.
        """
        template = self.templates.get(key.partition('[')[0], {})
        variables = {**self.variables, **self.environment(template)}
        return {**template, **entries}, self._replace(variables=variables)

    def _with_substitutions(self, substitutions: Entries) -> Scope:
        defaults = dict(self.defaults)
        for name, field in substitutions.items():
            # Who starts the build has to give one that is null.
            if not is_null(field.value):
                self._replace(defaults=defaults)._add(name, field.value, defaults)
        return self._replace(defaults=defaults)

    def _with_parameters(self, entries: Entries) -> Scope:
        passed, defaults, variables = dict(self.passed), dict(self.defaults), dict(self.variables)
        prefix = 'tt.params' if 'resourcetemplates' in entries else 'params'
        inputs = value_in(entries, 'inputs')
        for scope, node in (
            (prefix, value_in(entries, 'params', 'parameters')),
            (prefix, value_of(inputs, 'params')),  # of Tekton, up to v1alpha1
            ('inputs.parameters', value_of(inputs, 'parameters')),
            ('workflow.parameters', value_of(value_in(entries, 'arguments'), 'parameters')),
        ):
            for item in items_of(node):
                name = f'{scope}.{text_of(value_of(item, "name"))}'
                self._add(name, value_of(item, 'value'), passed)
                self._add(name, value_in(fields(item), 'default', 'defaults'), defaults)
        for item in items_of(value_of(value_in(entries, 'matrix'), 'params')):
            name = f'params.{text_of(value_of(item, "name"))}'
            passed[name] = hole(name, f'$({name})')
            cells = items_of(value_of(item, 'value'))
            scalars = [cell for cell in cells if isinstance(cell, ScalarNode)]
            variables[name] = Setting(tuple(Text(cell.value) for cell in scalars))
        return self._replace(passed=passed, defaults=defaults, variables=variables)

    def _add(self, name: str, node: Node | None, values: dict[str, Value]) -> None:
        if isinstance(node, ScalarNode):
            text = Text(node.value)
            values[name] = self._array(text) or self.filled(text)
        elif isinstance(node, MappingNode):
            for key, field in fields(node).items():
                if isinstance(field.value, ScalarNode):
                    values[f'{name}.{key}'] = self.filled(Text(field.value.value))
        elif node is not None:
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
        value = self.passed.get(name, self.defaults.get(name))
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
        value = self.passed.get(name, self.defaults.get(name))
        return value if isinstance(value, tuple) else None

    def environment(self, entries: Entries) -> dict[str, Setting]:
        """The variables that a mapping with these fields sets itself."""
        settings: dict[str, Setting] = {}
        for name in self.dialect.variables:
            for key, text, place in named_values(value_in(entries, name)):
                values = () if text is None else (self._value_of(key, text, settings),)
                settings[key] = Setting(values, (place,))
        return settings

    def _value_of(self, name: str, text: Text, before: Settings) -> Text:
        """The value of a variable, which may refer to those before it."""
        before = {**self.variables, **before}
        text = filled(text, self.dialect.in_values or self.dialect.reference, self._value)
        text = resolved(in_argv(text, before) if self.dialect.is_pod else text, before)
        # What it was before has another name.
        holes = [gap._replace(name=f'${name}') if gap.name == name else gap for gap in text.holes]
        return Text(text.value, tuple(holes), text.segments)

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
    return scope._replace(passed=outer.passed, defaults=outer.defaults) if outer else scope


def in_argv(text: Text, variables: Settings) -> Text:
    """A word of a pod container's argv, or a value of its variables: `$$` and `$(VAR)`.

    A `$(command)` of a script, which is no variable, is left to its shell.
    """
    is_word = not re.search(r'\s', text.value)

    def value(match: re.Match[str]) -> Text | str | None:
        name = match[1]
        if name is None:
            return '$'
        if name in variables:
            return hole(name, match[0])
        return hole(match[0]) if is_word else None

    return filled(text, _KUBERNETES, value)


def _name(match: re.Match[str]) -> str:
    """The name of a reference: `params['x']` is `params.x`."""
    name = next((group for group in match.groups() if group), '').strip()
    return re.sub(r'\[["\']([^"\'\]]+)["\']\]', r'.\1', name)
