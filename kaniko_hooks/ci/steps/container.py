"""One mapping with an image and commands -> the container that it describes."""

from __future__ import annotations

import re

from kaniko_hooks.ci.common import (
    Entries,
    Settings,
    argv,
    commands,
    folder_in,
    place_of,
    shell_of,
    value_in,
)
from kaniko_hooks.ci.steps.parameters import Scope, in_argv
from kaniko_hooks.document.nodes import Field, Node, ScalarNode, fields, items_of, text_of
from kaniko_hooks.model import ARGUMENTS, Container, Script, Setting, Text
from kaniko_hooks.text import concat, hole

_SCRIPTS = ('script', 'source', 'commands')
_FOLDERS = ('workingDir', 'directory', 'working_directory', 'dir')
# Plugins that build with Kaniko take flags as settings (plugins/kaniko,
# woodpeckerci/plugin-kaniko, target/vela-kaniko): one build, this is its cache.
_CACHE_SETTINGS = ('enable_cache', 'cache')


def container(name: str, node: Node, entries: Entries, scope: Scope) -> Container | None:
    """The container of a mapping with these fields; None if it has nothing to run."""
    # Argo's "Template Defaults", Tekton's "Specifying a Step template": variables are merged.
    template = scope.templates.get(name.rpartition('.')[2].partition('[')[0], {})
    variables = {**scope.variables, **scope.environment(template)}
    scope = scope._replace(variables=variables)
    inner = fields(value_in(entries, scope.dialect.inner))
    entries = {**template, **entries, **inner}
    image = scope.image_in(entries)
    scripts = _scripts(entries, scope, image)
    if not scripts:
        return None
    return Container(
        scope.system.name,
        name,
        place_of(node),
        image,
        places=(place_of(node),),
        scripts=scripts,
        label=scope.label,
    )


def _scripts(entries: Entries, scope: Scope, image: Setting | None) -> tuple[Script, ...]:
    own = scope.environment(entries)
    variables = {**scope.variables, **own}
    if scope.system.name == 'concourse':
        # A step overrides the variables of its task's `config`.
        variables = {**own, **scope.variables}
    named = scope.filled(Text(text_of(value_in(entries, *_FOLDERS))))
    folder = folder_in(scope.directory, named)
    source = next((entries[name] for name in _SCRIPTS if name in entries), None)
    # Source: tekton.dev/docs/pipelines/tasks (running scripts within steps).
    positional = entries.get('args') if scope.system.name == 'tekton' else None
    lines = _lines(source, scope, scope.dialect.keeps_scripts)
    if source is not None and any(line.value for line in lines):
        script = Script(
            lines,
            variables,
            directory=folder,
            shell=_shell(entries, source, scope),
            arguments=_words(positional, scope, variables),
        )
        after = _lines(entries.get('after-script'), scope)
        return (script, script._replace(commands=after, always=True)) if after else (script,)
    first, rest = map(entries.get, scope.dialect.argv)
    words, more = (_words(field, scope, variables) for field in (first, rest))
    command = argv(words, more, rest, variables, folder)
    return (command,) if command else _plugin(entries, variables, image)


def _lines(field: Field | None, scope: Scope, is_kept: bool = False) -> tuple[Text, ...]:
    return commands(scope.source, field and field.value, None if is_kept else scope.filled)


def _words(field: Field | None, scope: Scope, variables: Settings) -> tuple[Text, ...]:
    if not scope.dialect.is_pod:
        return _lines(field, scope)
    items = _lines(field, scope, is_kept=True)
    return tuple(in_argv(word, variables) for item in items for word in scope.words(item))


def _shell(entries: Entries, script: Field, scope: Scope) -> str:
    """The shell of a script, from its first line or the container's command."""
    interpreter = re.match(r'\s*#!\s*(.*)', text_of(script.value))
    if interpreter:
        return shell_of(interpreter[1])
    if scope.system.name == 'argo-workflows' and 'command' in entries:
        words = [text_of(item) for item in items_of(entries['command'].value)]
        return shell_of(' '.join(words)) or 'sh'
    return shell_of(text_of(value_in(entries, 'shell')) or scope.dialect.shell)


def _plugin(entries: Entries, variables: Settings, image: Setting | None) -> tuple[Script, ...]:
    """The step of a plugin: its settings as arguments of the image's entrypoint."""
    settings = value_in(entries, 'settings', 'parameters')
    if settings is None or image is None:
        return ()
    node = value_in(fields(settings), *_CACHE_SETTINGS)
    value = Text('false')
    if node is not None:
        value = Text(node.value) if isinstance(node, ScalarNode) else hole('settings.cache')
    place = image.places[0]
    flag = concat((Text('--cache='), value)).at(lambda offset: place, 0)
    return (Script((flag,), variables, ARGUMENTS),)
