"""The files and folders that the commands of a job name, read and write."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from kaniko_hooks.fix.programs import IMAGE_TOOLS, TAKES_FILES
from kaniko_hooks.fix.steps import BuildCall, ProgramCall, Step
from kaniko_hooks.kaniko import OUTPUTS
from kaniko_hooks.model import Script
from kaniko_hooks.repository import Repository
from kaniko_hooks.shell import paths
from kaniko_hooks.shell.env import Env
from kaniko_hooks.shell.programs import LOCAL
from kaniko_hooks.shell.redirections import TO_FILE
from kaniko_hooks.shell.value import UNSET, OneOf
from kaniko_hooks.text import Text, after_root

# Redirections that need nothing of the file before.
_REPLACES = TO_FILE - {'>>', '&>>'}
_BROUGHT = (
    r'/(?:\Z|bin|builds|busybox|cache|dev|etc|kaniko|lib\w*|media|mnt|nfs|proc|root|run|sbin|secrets?'
    r'|share\w*|srv|sys|tmp|usr(?!/src)|var(?!/www)|vault|vol\w*|workspace)(?:/|\Z)'
)


class Paths:
    """The files that the flags and paths of a job's commands name.

    - `text_of`: the text of a file of the repository, None if it has none.
    - `may_come`: files that the repository lacks may come from elsewhere.
    """

    def __init__(self, script: Script, repository: Repository, may_come: bool) -> None:
        self.script = script
        self.text_of = repository.readable
        self.may_come = may_come
        self._keys: dict[object, Sequence[str]] = {}  # by what is resolved and where

    def keys(self, path: Text, env: Env) -> Sequence[str]:
        """The keys of the files that a path may be: relative to the root, or absolute."""
        place = path.key(), env.directories
        if place not in self._keys:
            targets = map(paths.key, paths.resolved(env, path))
            names = (name for key in targets for name in (key, *_in_project(key)))
            self._keys[place] = tuple(names)
        return self._keys[place]

    def contexts(self, build: BuildCall) -> Sequence[str]:
        """The folders that a build may take files from; none for a context that is elsewhere."""
        context = build.value('context') or Text('/workspace')
        if context.value.startswith('dir://'):
            context = context.part(len('dir://'))
        if '://' in context.value:
            return []
        folders = self.keys(context, build.env)
        below = build.value('context-sub-path')
        return [f'{folder}/{below.value}'.lstrip('/') for folder in folders] if below else folders

    def in_context(self, build: BuildCall, files: Iterable[str]) -> list[str]:
        """The files that a build may find in its context."""
        folders = self.contexts(build)
        return [path for path in files if any(is_inside(path, folder) for folder in folders)]

    def dockerfiles(self, build: BuildCall) -> list[str]:
        """The places where Kaniko looks for the Dockerfile: the working directory, the context."""
        file = build.value('dockerfile') or Text('Dockerfile')
        key = '\0'.join(file.key())
        folders = self.contexts(build) if file.value[:1] != '/' else ()
        inside = (posixpath.normpath(f'{folder}/{key}' if folder else key) for folder in folders)
        return [*self.keys(file, build.env), *inside]

    def written(self, step: Step) -> set[str]:
        """The files that a step writes, as far as they are named."""
        files = step.report.files.union(path for path, _ in self._writes(step))
        return {path for path in files if not path.startswith(('/dev/', '/proc/'))}

    def _writes(self, step: Step) -> Iterator[tuple[str, Env]]:
        for build in step.builds:
            files = build.values(*OUTPUTS)
            files += (
                value.part(len('oci:'))
                for value in build.values('cache-repo')
                if value.value.startswith('oci:')
            )
            yield from ((path, build.env) for file in files for path in self.keys(file, build.env))
        for use in step.programs:
            if use.kind == LOCAL or use.name in IMAGE_TOOLS:
                yield from ((path, use.env) for path in self.targets(use))

    def written_before(self, step: Step, build: BuildCall) -> set[str]:
        """The files that a step writes before it builds."""
        before = step.report.before.files
        return {path for path, texts in build.env.files.items() if before.get(path) != texts}

    def changes(self, step: Step, name: str) -> dict[str, set[object]]:
        """The files that a step writes or removes, with the values of a variable in such runs."""
        result: dict[str, set[object]] = defaultdict(set)
        removed = (
            (path, use.env)
            for use in step.programs
            for word in use.removed
            for path in self.keys(word, use.env)
        )
        for path, env in (*self._writes(step), *removed, *self.redirected(step)):
            result[path].add(value_in(env, name))
        return result

    def redirected(self, step: Step) -> Iterator[tuple[str, Env]]:
        """The files that the output of a step goes to, as in a loop that fills in templates."""
        for operator, target, env in step.report.targets:
            if operator in TO_FILE:
                yield from ((path, env) for path in self.keys(target, env))

    def targets(self, use: ProgramCall) -> Iterator[str]:
        """The files that a program of the container writes, as far as they are named."""
        for word in use.written:
            name = use.name_in(word)
            for path in self.keys(word, use.env):
                yield posixpath.join(path, name) if name else path

    def named_of(self, step: Step, files: Iterable[str]) -> list[str]:
        """The files that a step names, or a folder or pattern for them."""
        wanted = list(files)
        named = {path for path, _ in self.named(step)} if wanted else ()
        return [file for file in wanted if any(may_be_named(file, path) for path in named)]

    def named(self, step: Step) -> Iterator[tuple[str, Env]]:
        """The files and folders that a step may read."""
        for use in step.programs:
            for text in use.read:
                yield from self._of_word(text, use.env)
        for operator, target, env in step.report.targets:
            if operator not in _REPLACES:
                yield from ((path, env) for path in self.keys(target, env))
        for build in step.builds:
            for flag in build.flags:
                if flag.name not in OUTPUTS and flag.name not in ('context', 'destination'):
                    yield from self._of_word(flag.value, build.env)

    def left_by_build(self, step: Step, written: Iterable[str]) -> Iterator[str]:
        """The paths that a step reads and nothing wrote: what was built stays in the container."""
        known = {*written, *self.written(step)}
        for use in step.programs:
            for word in use.read if use.name in TAKES_FILES else ():
                for path in self.keys(word, use.env):
                    own = any(may_be_named(file, path) or is_inside(path, file) for file in known)
                    if path[:1] == '/' and not own and not re.match(_BROUGHT, path):
                        yield path

    def _of_word(self, word: Text, env: Env) -> Iterator[tuple[str, Env]]:
        """A word as a path; what follows `=`, `:` or `@` may be one, too."""
        for part in (word, *word.split('=@:,')[1:]):
            if part.value.strip('-'):
                yield from ((path, env) for path in self.keys(part, env))


def value_in(env: Env, name: str) -> object:
    """The value of a variable, also in a child process that may lack it."""
    value = env.variables.get(name)
    if not isinstance(value, OneOf):
        return value
    values = [item for item in value.values if item is not UNSET]
    return values[0] if len(values) == 1 else value


def is_absolute(folder: Text) -> bool:
    """A folder is the same from whatever directory."""
    return folder.value[:1] == '/' or after_root(folder) is not None


def _in_project(path: str) -> Iterator[str]:
    """The paths in the project that one below /builds may be; its groups are not known."""
    names = path.split('/')
    if names[1:2] == ['builds']:
        yield from ('/'.join(names[start:]) for start in range(4, len(names) + 1))


def shown_path(path: str) -> str:
    """A path for a message: with the names of variables, and `…` for other unknown values."""
    path = path or '.'
    pieces = path.split('\0')
    pieces[1::2] = [f'${name}' if name.isidentifier() else '…' for name in pieces[1::2]]
    return ''.join(pieces)


def may_be_named(file: str, path: str) -> bool:
    """A file may be what a path names, or lie below it."""
    if file == path or file.startswith(f'{path}/') or path in ('', '.') and file[:1] != '/':
        return True
    if '\0' not in path and '\0' not in file:
        return False
    # Of unknown names only what is known can differ.
    start, _, _ = path.partition('\0')
    own_start, _, _ = file.partition('\0')
    end, own_end = path.rpartition('\0')[2], file.rpartition('\0')[2]
    if not (start.startswith(own_start) or own_start.startswith(start)):
        return False
    if not own_end:
        return path[:1] != '/' or bool(own_start)
    return own_end.endswith(end) or end.endswith(own_end) if end else bool(start)


def is_inside(file: str, folder: str) -> bool:
    """A written file may be in a folder that is a build's context."""
    if folder in ('', '.'):
        return file[:1] != '/'
    if '\0' in folder or file.startswith('\0'):
        # Of unknown names only the known beginnings can differ.
        start, own_start = folder.partition('\0')[0], file.partition('\0')[0]
        return file.startswith(start) or start.startswith(own_start)
    return file == folder or file.startswith(f'{folder}/')
