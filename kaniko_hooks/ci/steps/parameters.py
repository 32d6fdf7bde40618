"""Parameters of Tekton, Shipwright and Argo, and what Kubernetes puts into an argv.

Sources: tekton.dev/docs/pipelines/{tasks,pipelineruns} (defaults, propagated
parameters), argo-workflows.readthedocs.io (variables),
kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.document.fields import Field, fields, value_of
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, items_of, text_of
from kaniko_hooks.document.substitution import replace
from kaniko_hooks.model import Command, Variable
from kaniko_hooks.named_tuple import NamedTuple

_TEKTON = re.compile(
    r'\$\((?:inputs\.)?((?:tt\.)?params)(?:\.([\w.-]+?)|\[["\']([^"\'\]]+)["\']\])'
    r'(\[\*\]|\[\d+\])?\)'
)
_ARGO = re.compile(r'\{\{\s*((?:inputs|workflow)\.parameters\.[\w.-]+)\s*\}\}')
_KUBERNETES = re.compile(r'\$\$|\$\(([A-Za-z_][\w.-]*)\)')
_VARS = re.compile(r'\(\(([\w.:/-]+)\)\)')

# None: something is passed, but what is not known here.
Value = str | tuple[str, ...] | None


class Parameters(NamedTuple):
    """Values that were passed go before defaults, whichever is further in."""

    given: Mapping[str, Value] = {}
    defaults: Mapping[str, Value] = {}

    def value(self, name: str) -> Value:
        return self.given[name] if name in self.given else self.defaults.get(name)

    def within(self, found: Mapping[str, Field]) -> Parameters:
        """The parameters further in, below a mapping with these fields."""
        given, defaults = dict(self.given), dict(self.defaults)
        prefix = 'tt.params' if 'resourcetemplates' in found else 'params'
        for key in ('params', 'parameters'):
            if key in found:
                self._declare(prefix, found[key].value, given, defaults)
        if 'inputs' in found:  # of Tekton, up to v1alpha1
            self._declare(prefix, value_of(found['inputs'].value, 'params'), given, defaults)
        for name, key in (('inputs', 'inputs.parameters'), ('arguments', 'workflow.parameters')):
            if name in found:
                self._declare(key, value_of(found[name].value, 'parameters'), given, defaults)
        if 'matrix' in found:
            for item in items_of(value_of(found['matrix'].value, 'params')):
                given[f'params.{text_of(value_of(item, "name"))}'] = None
        return Parameters(given, defaults)

    def _declare(
        self, prefix: str, node: Node | None, given: dict[str, Value], defaults: dict[str, Value]
    ) -> None:
        for item in items_of(node):
            found = fields(item)
            name = text_of(found['name'].value) if 'name' in found else None
            if name is None:
                continue
            for key, known in (('value', given), ('default', defaults), ('defaults', defaults)):
                if key in found:
                    self._add(f'{prefix}.{name}', found[key].value, known)

    def _add(self, name: str, node: Node, known: dict[str, Value]) -> None:
        if isinstance(node, ScalarNode):
            known[name] = self._known(node.value)
        elif isinstance(node, MappingNode):
            for key, field in fields(node).items():
                text = text_of(field.value)
                known[f'{name}.{key}'] = None if text is None else self._known(text)
        else:
            words: list[str] = []
            for item in items_of(node):
                text = text_of(item) or ''
                value = self._known(text)
                words.extend(value if isinstance(value, tuple) else (value or text,))
            known[name] = tuple(words)

    def _known(self, text: str) -> Value:
        """A value with the outer parameters put in; a whole array stays one."""
        whole = _TEKTON.fullmatch(text)
        array = self._array(whole) if whole else None
        if array is not None:
            return array
        text = _TEKTON.sub(lambda match: self._text(match) or match[0], text)
        return None if _TEKTON.search(text) or '{{' in text else text

    def _text(self, match: re.Match[str]) -> str | None:
        """What stands for a Tekton reference in a text."""
        value = self.value(f'{match[1]}.{match[2] or match[3]}')
        if isinstance(value, tuple):
            index = int(match[4][1:-1]) if match[4] and match[4] != '[*]' else len(value)
            return value[index] if index < len(value) else None
        return value if not match[4] else None

    def resolved(self, command: Command) -> Command:
        """The command with the parameters put in that are known."""

        def argo(match: re.Match[str]) -> str | None:
            value = self.value(match[1])
            return value if isinstance(value, str) else None

        if '$(' in command.text:
            command = replace(command, _TEKTON, self._text)
        return replace(command, _ARGO, argo) if '{{' in command.text else command

    def words(self, command: Command) -> list[Command]:
        """The words of an argv that one item stands for: several if it is a whole array."""
        match = _TEKTON.fullmatch(command.text)
        texts = self._array(match) if match else None
        if texts is None:
            return [self.resolved(command)]
        return [_standing_for(command, text) for text in texts]

    def _array(self, match: re.Match[str]) -> tuple[str, ...] | None:
        """The array that a reference to a whole one, `$(params.x[*])` or `$(params.x)`, is."""
        value = self.value(f'{match[1]}.{match[2] or match[3]}')
        return value if isinstance(value, tuple) and match[4] in (None, '[*]') else None


def _standing_for(command: Command, text: str) -> Command:
    return Command(text, command.file, command.offset, lambda offset: command.offset)


def with_environment(command: Command, environment: Mapping[str, Variable]) -> Command:
    """A word of a pod container's argv, with its `$(VAR)` and `$$` replaced."""

    def value(match: re.Match[str]) -> str | None:
        if match[0] == '$$':
            return '$'
        variable = environment.get(match[1])
        if variable is None or variable.expand or len(variable.values) != 1:
            return None
        return variable.values[0]

    return replace(command, _KUBERNETES, value) if '$' in command.text else command


def with_unknown_vars(command: Command) -> Command:
    """Concourse's `((var))`, never known here, as a notation that the shell's reader knows."""
    return replace(command, _VARS, lambda match: f'{{{{{match[1]}}}}}')
