"""Google Cloud Build: each step is a container of its own.

Source: cloud.google.com/build/docs/build-config-file-schema and
…/configuring-builds/substitute-variable-values (`$_X`, `${_X}`, `$$`; not in `script`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kaniko_hooks.ci.recognise import CLOUD_BUILD
from kaniko_hooks.ci.values import (
    File,
    argv_part,
    commands,
    folder_in,
    is_null,
    named_values,
    prefixes,
    shebang,
)
from kaniko_hooks.document.fields import Field, fields, value_of
from kaniko_hooks.document.nodes import Node, ScalarNode, items_of, text_of
from kaniko_hooks.document.substitution import replace
from kaniko_hooks.model import Command, Container, Place, Reading, ScriptPart, Variable
from kaniko_hooks.project import Repository

_REFERENCE = re.compile(r'\$\$|\$\{([A-Z_][A-Z0-9_]*)\}|\$([A-Z_][A-Z0-9_]*)')
_COMPUTED = re.compile(r'\$\{(_[A-Z0-9_]+)[^A-Z0-9_}][^}]*\}')  # `${_X:-true}`
_ROOT = '/workspace'
_MAX_ROUNDS = 5  # a substitution may refer to others


def read(repository: Repository, path: str, documents: Sequence[Node]) -> Reading:
    """The containers of a build configuration, or of a trigger with one in `build`."""
    file = File(path, repository.text(path) or '')
    containers = []
    for prefix, document in zip(prefixes(documents), documents):
        for name, build in (('', document), ('build.', value_of(document, 'build'))):
            substitutions = _substitutions(document, build)
            for index, step in enumerate(items_of(value_of(build, 'steps'))):
                container = _container(
                    file,
                    f'{prefix}{name}steps[{index}]',
                    step,
                    value_of(build, 'options'),
                    substitutions,
                )
                if container:
                    containers.append(container)
    return Reading(tuple(containers))


def _substitutions(document: Node, build: Node | None) -> dict[str, str]:
    """The defaults that are given; a trigger's own ones go before its build's."""
    found = {
        name: field.value.value
        for node in (build, document)
        for name, field in fields(value_of(node, 'substitutions')).items()
        if isinstance(field.value, ScalarNode) and not is_null(field.value)
    }
    for _ in range(_MAX_ROUNDS):
        found = {
            name: _REFERENCE.sub(lambda match: found.get(match[1] or match[2], match[0]), value)
            if '$' in value and len(value) < 1_000
            else value
            for name, value in found.items()
        }
    return found


def _resolved(command: Command, substitutions: Mapping[str, str]) -> Command:
    """With substitutions put in. In a single word the others become `$(_X)`, not known.

    In a script they stay: there `$_X` is just as unknown.
    """
    is_word = not re.search(r'\s', command.text)

    def value(match: re.Match[str]) -> str | None:
        if match[0] == '$$':
            return '$'
        name = match[1] or match[2]
        return substitutions.get(name, f'$({name})' if is_word and name[0] == '_' else None)

    if is_word:
        command = replace(command, _COMPUTED, lambda match: f'$({match[1]})')
    return replace(command, _REFERENCE, value)


def _container(
    file: File, name: str, step: Node, options: Node | None, substitutions: Mapping[str, str]
) -> Container | None:
    known = fields(step)
    environment = {
        **(_as_variables(substitutions) if _maps_substitutions(step, options) else {}),
        **_environment(file, value_of(options, 'env'), substitutions),
        **_environment(file, value_of(step, 'env'), substitutions),
    }
    folder = folder_in('', re.sub(f'^{_ROOT}(?:/+|$)', './', text_of(value_of(step, 'dir')) or ''))
    script = value_of(step, 'script')
    part: ScriptPart | None
    if isinstance(script, ScalarNode):
        part = ScriptPart(
            (file.command(script),),
            environment,
            directory=folder,
            shell=shebang(script.value) or 'sh',
        )
    else:
        part = argv_part(
            _words(file, known.get('entrypoint'), substitutions),
            _words(file, known.get('args'), substitutions),
            known.get('args'),
            environment,
            folder,
        )
    if part is None:
        return None
    part = part._replace(root=_ROOT)
    image = value_of(step, 'name')
    place = Place(file.path, step.start)
    return Container(CLOUD_BUILD, name, place, _image(file, image, substitutions), (part,))


def _words(
    file: File, field: Field | None, substitutions: Mapping[str, str]
) -> tuple[Command, ...]:
    words = commands(file, field.value) if field else ()
    return tuple(_resolved(word, substitutions) for word in words)


def _image(file: File, node: Node | None, substitutions: Mapping[str, str]) -> Variable | None:
    if not isinstance(node, ScalarNode):
        return None
    text = _resolved(file.command(node), substitutions).text
    return Variable((text,), (Place(file.path, node.start),))


def _maps_substitutions(step: Node, options: Node | None) -> bool:
    own = text_of(value_of(step, 'automapSubstitutions'))
    return (own or text_of(value_of(options, 'automapSubstitutions')) or '').lower() == 'true'


def _as_variables(substitutions: Mapping[str, str]) -> dict[str, Variable]:
    return {name: Variable((value,)) for name, value in substitutions.items()}


def _environment(
    file: File, node: Node | None, substitutions: Mapping[str, str]
) -> dict[str, Variable]:
    def value(match: re.Match[str]) -> str:
        return substitutions.get(match[1] or match[2], match[0])

    found = {}
    for name, given, start in named_values(node):
        text = _REFERENCE.sub(value, text_of(given) or '')
        # What is left are `$$` and what is not known, just as the shell's reader takes it.
        found[name] = Variable((text,), (Place(file.path, start),), expand='$' in text)
    return found
