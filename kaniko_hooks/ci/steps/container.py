"""One mapping with an image and commands -> the container that it describes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.ci import recognise
from kaniko_hooks.ci.steps.parameters import with_environment
from kaniko_hooks.ci.steps.scope import (
    ESCAPING_SYSTEMS,
    POD_SYSTEMS,
    Scope,
    environment_of,
    image_of,
    resolved,
)
from kaniko_hooks.ci.values import (
    File,
    argv_part,
    commands,
    folder_in,
    in_repository,
    scalars,
    shebang,
    shell_of,
)
from kaniko_hooks.document.fields import Field, fields, value_of
from kaniko_hooks.document.nodes import Node, ScalarNode, items_of, text_of
from kaniko_hooks.model import ARGUMENTS, Command, Container, Place, ScriptPart, Variable

_SCRIPTS = ('script', 'source', 'commands')
_COMMANDS = ('command', 'entrypoint', 'entry_point')
_ARGUMENTS = ('args', 'cmd')
_RUN = ('dir', 'path', 'args')
_FOLDERS = ('workingDir', 'directory', 'working_directory')
# Plugins that build with Kaniko take flags as settings (plugins/kaniko,
# woodpeckerci/plugin-kaniko, target/vela-kaniko): one build, this is its cache.
_CACHE_SETTINGS = ('enable_cache', 'cache')

# The checkout: of Tekton's tasks, and Codefresh's `${{main_clone}}`.
_WORKSPACE = re.compile(
    r'(?:\$\(workspaces\.[\w-]+\.path\)|\$\{\{[\w-]+\}\}|/workspace(?:/source)?)(?:/+|$)'
)
_ROOTS = {recognise.TEKTON: '/workspace/source', recognise.DRONE: '/drone/src'}


def container(
    file: File, name: str, place: Place, node: Node, found: Mapping[str, Field], scope: Scope
) -> Container | None:
    """The container of a mapping with these fields; None if it says nothing to run."""
    if scope.system == recognise.CODEFRESH and 'arguments' in found:
        # A typed step says what it runs there.
        found = {**found, **fields(found['arguments'].value)}
    image = image_of(file, found, scope)
    root = _root(found, scope)
    parts = tuple(part._replace(root=root) for part in _parts(file, found, scope, image))
    if not parts:
        return None
    return Container(
        scope.system, name, place, image, parts, places=(Place(file.path, node.start),)
    )


def _parts(
    file: File, found: Mapping[str, Field], scope: Scope, image: Variable | None
) -> tuple[ScriptPart, ...]:
    environment = {**scope.environment, **environment_of(file, found, scope), **scope.overriding}
    folder = _folder(found, scope)
    script = _first(found, _SCRIPTS)
    lines = _script(file, script, scope)
    if script is not None and lines:
        part = ScriptPart(
            lines,
            environment,
            directory=folder,
            shell=_shell(found, script, scope),
            arguments=_arguments(file, found, scope, environment),
        )
        after = _script(file, found.get('after-script'), scope)
        return (part, part._replace(commands=after, always=True)) if after else (part,)
    run = fields(found['run'].value) if 'run' in found else {}
    first = _first(found, _COMMANDS) or run.get('path')
    rest = _first(found, _ARGUMENTS) or run.get('args')
    if scope.system in ESCAPING_SYSTEMS:
        # They name both as Docker does.
        first, rest = found.get('entrypoint'), found.get('command')
    argv = argv_part(
        _words(file, first, scope, environment),
        _words(file, rest, scope, environment),
        rest,
        environment,
        folder,
    )
    return (argv,) if argv else _plugin(file, found, environment, image)


def _root(found: Mapping[str, Field], scope: Scope) -> str:
    """Where the repository stands: in Concourse in the input that the command names."""
    if 'inputs' not in found or 'run' not in found or scope.system != recognise.CONCOURSE:
        return _ROOTS.get(scope.system, '')
    run = found['run'].value
    said = ' '.join(node.value for name in _RUN for node in scalars(value_of(run, name)))
    words = re.split(r'[\s/;&|"\']+', said)
    inputs = [text_of(value_of(item, 'name')) for item in items_of(found['inputs'].value)]
    named = [name for name in inputs if name in words]
    return named[0] or '' if len(named) == 1 else ''


def _first(found: Mapping[str, Field], names: tuple[str, ...]) -> Field | None:
    return next((found[name] for name in names if name in found), None)


def _script(file: File, field: Field | None, scope: Scope) -> tuple[Command, ...]:
    lines = commands(file, field.value) if field else ()
    return tuple(resolved(line, scope) for line in lines)


def _arguments(
    file: File, found: Mapping[str, Field], scope: Scope, environment: Mapping[str, Variable]
) -> tuple[Command, ...]:
    """What a script gets as its positional parameters: Tekton's `args` beside `script`.

    Source: tekton.dev/docs/pipelines/tasks (running scripts within steps).
    """
    if scope.system != recognise.TEKTON:
        return ()
    return _words(file, found.get('args'), scope, environment)


def _words(
    file: File, field: Field | None, scope: Scope, environment: Mapping[str, Variable]
) -> tuple[Command, ...]:
    words = commands(file, field.value) if field else ()
    if scope.system not in POD_SYSTEMS:
        return tuple(resolved(word, scope) for word in words)
    return tuple(
        with_environment(each, environment)
        for word in words
        for each in scope.parameters.words(word)
    )


def _shell(found: Mapping[str, Field], script: Field, scope: Scope) -> str:
    """The shell of a script: as its first line says, or the container's command."""
    asked = shebang(script.value.value) if isinstance(script.value, ScalarNode) else None
    if asked is not None:
        return asked
    if scope.system == recognise.ARGO and 'command' in found:
        words = [text_of(item) or '' for item in items_of(found['command'].value)]
        return shell_of(' '.join(words)) or 'sh'
    if scope.system == recognise.BITBUCKET:
        return 'bash'
    return shell_of(text_of(found['shell'].value) or '') if 'shell' in found else 'sh'


def _folder(found: Mapping[str, Field], scope: Scope) -> str | None:
    run = value_of(found['run'].value, 'dir') if 'run' in found else None
    if run is not None and scope.system == recognise.CONCOURSE:
        root = _root(found, scope)
        return in_repository(folder_in('', text_of(run)), root) if root else None
    field = _first(found, _FOLDERS)
    folder = text_of(field.value) if field else None
    if folder and scope.directory is not None:
        folder = _WORKSPACE.sub('./', folder, count=1) if _WORKSPACE.match(folder) else folder
    return folder_in(scope.directory, folder)


def _plugin(
    file: File,
    found: Mapping[str, Field],
    environment: Mapping[str, Variable],
    image: Variable | None,
) -> tuple[ScriptPart, ...]:
    """A plugin's step: what its settings say to the image's entrypoint."""
    given = _first(found, ('settings', 'parameters'))
    if given is None or image is None or not image.places:
        return ()
    settings = fields(given.value)
    field = _first(settings, _CACHE_SETTINGS)
    value = 'false' if field is None else text_of(field.value) or '{{cache}}'
    start = image.places[0].offset
    command = Command(f'--cache={value}', file.path, start, lambda offset: start)
    return (ScriptPart((command,), environment, ARGUMENTS),)
