"""The generic reader: mappings with an image and commands, each its own container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kaniko_hooks.ci import recognise
from kaniko_hooks.ci.common import (
    Entries,
    Settings,
    Source,
    argv,
    commands,
    folder_in,
    place_of,
    shell_of,
    value_in,
)
from kaniko_hooks.ci.steps.parameters import Scope, in_argv, scope_of
from kaniko_hooks.ci_paths import System
from kaniko_hooks.document.nodes import (
    Field,
    Node,
    ScalarNode,
    SequenceNode,
    fields,
    identity,
    items_of,
    text_of,
)
from kaniko_hooks.model import ARGUMENTS, Container, Note, Place, Script, Setting, Text
from kaniko_hooks.text import concat, hole

# Aliases can make a small file as large as you like, or without end.
_MAX_COLLECTIONS = 50_000
_MAX_DEPTH = 100

# Keys of templates, data and anchors: nothing there runs where it is written.
_PASSED_OVER = frozenset(
    'stepTemplate templateDefaults definitions variables metadata data stringData settings'
    ' values valuesObject'.split()
)


def read(source: Source) -> Iterator[Container]:
    """The containers of a document, each named by its node path."""
    document = source.document
    system = recognise.system_of(document.file, [document])
    if system is not None and _is_read_here(system):
        reader, path = _Reader(), source.prefix.rstrip('.')
        # A task of Concourse is one container.
        start, scope = document.start, scope_of(source, system)
        yield from reader.containers(document, path, scope, 'container', start)
        if reader.left < 0:
            message = 'too many nodes to look at all of them'
            source.notes.append(Note(Place(document.file, 0), message))


def _is_read_here(system: System) -> bool:
    return system.reader.startswith('steps.reader:')


class _Reader:
    """Walks a document; `left` are the collections that it may still look at."""

    def __init__(self) -> None:
        self.left = _MAX_COLLECTIONS

    def containers(
        self,
        node: Node,
        path: str,
        scope: Scope,
        role: str,
        start: int,
        inside: frozenset[int] = frozenset(),
    ) -> Iterator[Container]:
        """The containers in a node.

        - `role`: 'list' of containers, or 'container'.
        - `start`: where it stands, which for an alias is not where it is written.
        - `inside`: the collections around it, by identity.
        """
        if isinstance(node, ScalarNode):
            return
        self.left -= 1
        if self.left < 0 or len(inside) > _MAX_DEPTH or identity(node) in inside:
            return
        inside |= {identity(node)}
        if isinstance(node, SequenceNode):
            role = 'container' if role == 'list' else ''
            for index, item in enumerate(node.items):
                start = node.aliases.get(index, (item.start,))[0]
                yield from self.containers(item, f'{path}[{index}]', scope, role, start, inside)
            return
        entries = fields(node)
        inner = _scope(node, entries, scope, len(inside) == 1)
        if inner is None:
            return
        if role == 'container':
            name = path or 'doc[0]'
            labelled = inner._replace(label=inner.label or scope.label)
            result = _container(name, node, entries, labelled)
            if result:
                yield result._replace(place=Place(node.file, start))
        for name, field in entries.items():
            if name not in _PASSED_OVER and name[:1] != '.':
                below = f'{path}.{name}' if path else name
                # A list of containers may also be a mapping by name.
                is_container = role == 'list' or name in inner.dialect.single
                is_list = name in inner.dialect.lists
                of_value = 'container' if is_container else 'list' if is_list else ''
                yield from self.containers(
                    field.value, below, inner, of_value, field.key.start, inside
                )


def _scope(node: Node, entries: Entries, scope: Scope, is_root: bool) -> Scope | None:
    """The scope of what is in a mapping; None if nothing that runs can be in it."""
    if 'apiVersion' in entries and 'kind' in entries:
        system = recognise.system_of_document(node)
        if system is None or not _is_read_here(system):
            return None
        if system is not scope.system:
            scope = scope_of(scope.source, system, scope)
    return scope.within(entries, is_root)


# One mapping -> its container

_SCRIPTS = ('script', 'source', 'commands')
_FOLDERS = ('workingDir', 'directory', 'working_directory', 'dir')
# Plugins that build with Kaniko take flags as settings (plugins/kaniko,
# woodpeckerci/plugin-kaniko, target/vela-kaniko): one build, this is its cache.
_CACHE_SETTINGS = ('enable_cache', 'cache')


def _container(name: str, node: Node, entries: Entries, scope: Scope) -> Container | None:
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
