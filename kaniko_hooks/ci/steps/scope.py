"""What a step inherits from the mappings around it, its image and its variables."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.ci import recognise
from kaniko_hooks.ci.steps.parameters import Parameters, with_environment, with_unknown_vars
from kaniko_hooks.ci.values import File, named_values, variable
from kaniko_hooks.document.fields import Field, fields, value_of
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, items_of, text_of
from kaniko_hooks.document.substitution import replace
from kaniko_hooks.model import Command, Place, Variable
from kaniko_hooks.named_tuple import NamedTuple

_ENVIRONMENTS = ('env', 'environment')
_ESCAPED = re.compile(r'\$\$')
POD_SYSTEMS = frozenset(
    (recognise.TEKTON, recognise.KUBERNETES, recognise.PROW, recognise.ARGO, recognise.SHIPWRIGHT)
)
ESCAPING_SYSTEMS = frozenset((recognise.DRONE, recognise.WOODPECKER, recognise.VELA))


class Scope(NamedTuple):
    """What a container inherits from the mappings around it."""

    system: str
    kind: str = ''  # of the Kubernetes resource
    directory: str | None = ''
    image: Variable | None = None
    environment: Mapping[str, Variable] = {}
    overriding: Mapping[str, Variable] = {}  # variables that go before a container's own ones
    parameters: Parameters = Parameters()
    # What containers under a key have by default: Argo's 'container', 'script', Tekton's 'steps'.
    defaults: Mapping[str, Mapping[str, Field]] = {}

    def within(self, file: File, found: Mapping[str, Field], at_root: bool) -> Scope:
        """The scope further in, below a mapping with these fields."""
        scope = self
        if self.system in POD_SYSTEMS:
            scope = scope._replace(parameters=self.parameters.within(found))
        if 'stepTemplate' in found:
            scope = scope._replace(defaults={'steps': fields(found['stepTemplate'].value)})
        if 'templateDefaults' in found:
            scope = scope._replace(
                defaults={
                    name: fields(field.value)
                    for name, field in fields(found['templateDefaults'].value).items()
                }
            )
        if self.system == recognise.CONCOURSE and 'task' in found:
            # A step overrides the variables of its task's `config`.
            scope = scope._replace(overriding=environment_of(file, found, scope))
        if at_root and self.system not in POD_SYSTEMS:
            scope = scope._replace(
                image=image_of(file, found, scope), environment=environment_of(file, found, scope)
            )
            if self.system == recognise.WOODPECKER and 'matrix' in found:
                scope = scope._replace(
                    environment={**scope.environment, **_matrix(file, found['matrix'].value)}
                )
        return scope

    def with_defaults(
        self, file: File, name: str, found: Mapping[str, Field]
    ) -> tuple[Mapping[str, Field], Scope]:
        """The fields of a container with this key, and with those that it has by default.

        Sources: argo-workflows.readthedocs.io, "Template Defaults"; tekton.dev/docs/pipelines/tasks,
        "Specifying a Step template": merged, variables by name.
        """
        given = self.defaults.get(name.partition('[')[0], {})
        if not given:
            return found, self
        environment = {**self.environment, **environment_of(file, given, self)}
        return {**given, **found}, self._replace(environment=environment)


def resolved(command: Command, scope: Scope) -> Command:
    """A command with what the system puts into texts of any kind."""
    if scope.system in ESCAPING_SYSTEMS:
        return replace(command, _ESCAPED, lambda match: '$')
    if scope.system == recognise.CONCOURSE:
        return with_unknown_vars(command)
    return scope.parameters.resolved(command) if scope.system in POD_SYSTEMS else command


def image_of(file: File, found: Mapping[str, Field], scope: Scope) -> Variable | None:
    """The image of a mapping with these fields, its own or an inherited one."""
    node: Node | None = found['image'].value if 'image' in found else None
    if isinstance(node, MappingNode):
        node = value_of(node, 'name')
    if not isinstance(node, ScalarNode):
        return _resource(file, found) or scope.image
    text = resolved(file.command(node), scope).text
    return Variable((text,), (Place(file.path, node.start),))


def _resource(file: File, found: Mapping[str, Field]) -> Variable | None:
    """Concourse's `image_resource`."""
    field = found.get('image_resource')
    source = value_of(field.value, 'source') if field else None
    repository, tag = value_of(source, 'repository'), text_of(value_of(source, 'tag'))
    if not isinstance(repository, ScalarNode):
        return None
    name = f'{repository.value}:{tag}' if tag else repository.value
    return Variable((name,), (Place(file.path, repository.start),))


def environment_of(file: File, found: Mapping[str, Field], scope: Scope) -> dict[str, Variable]:
    """The variables that a mapping with these fields sets itself."""
    names = (*_ENVIRONMENTS, 'params') if scope.system == recognise.CONCOURSE else _ENVIRONMENTS
    known: dict[str, Variable] = {}
    for name in names:
        for key, value, start in named_values(found[name].value if name in found else None):
            place = Place(file.path, start)
            if not isinstance(value, ScalarNode):
                known[key] = Variable((), (place,))
            elif scope.system in ESCAPING_SYSTEMS:
                # `$$` and `${DRONE_TAG}` are just as the shell's reader takes them.
                known[key] = Variable((value.value,), (place,), expand='$' in value.value)
            else:
                word = Command(value.value, file.path, start, lambda offset: offset)
                known[key] = variable((_value(word, scope, known),), place)
    return known


def _value(word: Command, scope: Scope, known: Mapping[str, Variable]) -> str:
    word = resolved(word, scope)
    if scope.system in POD_SYSTEMS:
        word = with_environment(word, {**scope.environment, **known})
    return word.text


def _matrix(file: File, matrix: Node) -> dict[str, Variable]:
    """Woodpecker's matrix: alternatives of variables."""
    known: dict[str, Variable] = {}
    for name, field in fields(matrix).items():
        place = Place(file.path, field.key.start)
        if name == 'include':
            for item in items_of(field.value):
                for key, inner in fields(item).items():
                    before = known.get(key, Variable((), (place,)))
                    text = text_of(inner.value) or ''
                    known[key] = before._replace(values=(*before.values, text))
        else:
            texts = tuple(text_of(item) or '' for item in items_of(field.value))
            known[name] = Variable(texts, (place,))
    return known
