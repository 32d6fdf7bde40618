"""The files and folders that the commands of a job name, read and write."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from kaniko_hooks import kaniko
from kaniko_hooks.fix.safety import WRITING, base_name, kind_of, makes_folders, makes_only
from kaniko_hooks.fix.steps import Step, scripts_of
from kaniko_hooks.model import Script
from kaniko_hooks.shell import paths
from kaniko_hooks.shell.env import Env
from kaniko_hooks.shell.programs import LOCAL
from kaniko_hooks.shell.reports import BuildEvent, ProgramUse
from kaniko_hooks.shell.tree import Simple
from kaniko_hooks.text import Text

# Files that a build writes.
OUTPUTS = frozenset(
    """
    digest-file image-name-with-digest-file image-name-tag-with-digest-file oci-layout-path
    tar-path tarPath
    """.split()
)

# Programs that write their last operand, only what they name, or nothing.
_WRITES_LAST = frozenset('cp install ln mv'.split())
_WRITES_NAMED = _WRITES_LAST | frozenset(
    """
    awk bunzip2 bzip2 curl dos2unix envsubst executor gunzip gzip kaniko mkdir sed sort tee touch
    truncate umask unix2dos wget xz yq zstd
    """.split()
)
_WRITES_NOTHING = frozenset('rm rmdir chmod chown'.split())
# Redirections that need nothing of the file before.
_REPLACES = WRITING - {'>>'}


class Paths:
    """The files that the flags and paths of a job's commands name.

    - `text_of`: the text of a file of the repository, None if it has none.
    - `may_come`: files that the repository lacks may come from elsewhere.
    """

    def __init__(
        self, script: Script, text_of: Callable[[str], str | None], may_come: bool
    ) -> None:
        self.script = script
        self.text_of = text_of
        self.may_come = may_come
        self._flags: dict[int, tuple[BuildEvent, list[kaniko.Flag]]] = {}
        self._contexts: dict[int, list[str]] = {}

    def flags(self, event: BuildEvent) -> list[kaniko.Flag]:
        """The flags of a build."""
        if id(event) not in self._flags:
            self._flags[id(event)] = event, kaniko.parse(event.build.argv[1:])
        return self._flags[id(event)][1]

    def of(self, path: Text, env: Env) -> list[str]:
        """The spellings of a path: relative to the repository's root, or absolute."""
        return [paths.key(target) for target in paths.resolved(self.script, env, path)]

    def outputs(self, event: BuildEvent) -> set[str]:
        """The files that a build writes."""
        files = [flag.value for flag in self.flags(event) if flag.name in OUTPUTS]
        files += (
            flag.value.part(len('oci:'), len(flag.value.value))
            for flag in self.flags(event)
            if flag.name == 'cache-repo' and flag.value.value.startswith('oci:')
        )
        return {path for file in files for path in self.of(file, event.env)}

    def contexts(self, event: BuildEvent) -> list[str]:
        """The folders that a build may take files from; none for a context that is elsewhere."""
        if id(event) not in self._contexts:
            self._contexts[id(event)] = self._contexts_of(event)
        return self._contexts[id(event)]

    def _contexts_of(self, event: BuildEvent) -> list[str]:
        flags = {flag.name: flag.value for flag in self.flags(event)}
        context = flags.get('context')
        if context is None:
            return ['/workspace']
        if context.value.startswith('dir://'):
            context = context.part(len('dir://'), len(context.value))
        if '://' in context.value:
            return []
        folders = self.of(context, event.env)
        below = flags.get('context-sub-path')
        return [f'{folder}/{below.value}'.lstrip('/') for folder in folders] if below else folders

    def in_context(self, event: BuildEvent, files: Iterable[str]) -> list[str]:
        """The files that a build may find in its context."""
        folders = self.contexts(event)
        return [path for path in files if any(is_inside(path, folder) for folder in folders)]

    def dockerfiles(self, event: BuildEvent) -> list[str]:
        """The places where Kaniko looks for the Dockerfile: the working directory, the context."""
        flags = {flag.name: flag.value for flag in self.flags(event)}
        file = flags.get('dockerfile', Text('Dockerfile'))
        result = self.of(file, event.env)
        if file.value[:1] != '/':
            key = '\0'.join(file.key())
            for folder in self.contexts(event):
                result.append(posixpath.normpath(f'{folder}/{key}' if folder else key))
        return result

    def certain_outputs(self, step: Step) -> set[str]:
        """The files that a step writes whenever it succeeds."""
        plain = isinstance(step.only_command, Simple) and len(step.builds) == 1
        if not plain or step.report.calls or scripts_of(step):
            return set()
        return self.outputs(step.builds[0])

    def written(self, step: Step) -> set[str]:
        """The files that a step writes, as far as they are named."""
        result = set(step.report.files)
        for event in step.builds:
            result |= self.outputs(event)
        for use in step.programs:
            if kind_of(use) == LOCAL:
                result.update(self._targets(use))
        return {path for path in result if not path.startswith(('/dev/', '/proc/'))}

    def written_before(self, step: Step, event: BuildEvent) -> set[str]:
        """The files that a step writes before it builds."""
        before = step.report.before.files
        return {path for path, texts in event.env.files.items() if before.get(path) != texts}

    def changes(self, step: Step, name: str) -> dict[str, set[object]]:
        """The files that a step writes or removes, with the values of a variable in such runs."""
        result: dict[str, set[object]] = defaultdict(set)
        for use in step.programs:
            if kind_of(use) == LOCAL:
                for path in (*self._targets(use), *self._removed(use)):
                    result[path].add(use.env.variables.get(name))
        for operator, target, env in step.report.targets:
            if operator in _REPLACES:
                for path in self.of(target, env):
                    result[path].add(env.variables.get(name))
        for event in step.builds:
            for path in self.outputs(event):
                result[path].add(event.env.variables.get(name))
        return result

    def made(self, step: Step) -> set[str]:
        """The files and folders that a plain command makes, if it does nothing else."""
        if not isinstance(step.only_command, Simple) or not makes_only(step):
            return set()
        result = {
            path for use in step.programs if makes_folders(use) for path in self._targets(use)
        }
        for operator, target, env in step.report.targets:
            if operator not in ('>', '>|'):
                return set()
            result.update(self.of(target, env))
        return result

    def _targets(self, use: ProgramUse) -> Iterator[str]:
        """The files that a program of the container writes, as far as they are named."""
        words = [field.text for field in use.fields[1:] if field.text.value[:1] != '-']
        base = base_name(use)
        if base in _WRITES_LAST:
            words = words[-1:]
        elif base == 'sed':
            in_place = any(field.text.value.startswith(('-i', '--in')) for field in use.fields[1:])
            words = words[1:] if in_place else []
        for word in words if base not in _WRITES_NOTHING else ():
            yield from self.of(word, use.env)
        if base not in _WRITES_NAMED and base not in _WRITES_NOTHING:
            for folder in self.of(Text('.'), use.env):
                yield f'{folder}/\0files of {base}\0'.lstrip('/')

    def _removed(self, use: ProgramUse) -> Iterator[str]:
        """The files that a program of the container removes or gives other rights."""
        base = base_name(use)
        if base in _WRITES_NOTHING or base == 'mv':
            words = [field.text for field in use.fields[1:] if field.text.value[:1] != '-']
            for word in words[base[:2] == 'ch' :]:
                yield from self.of(word, use.env)

    def may_make(self, use: ProgramUse, file: str) -> bool:
        """A program of the container may write a file, by what its words name."""
        words = [field.text for field in use.fields[1:]]
        if base_name(use) in ('curl', 'wget'):
            name = file.rpartition('/')[2]
            return any(
                name in word.value or word.holes and word.holes[-1].end == len(word.value)
                for word in words
            )
        into_folder = any(word.value.startswith(('-t', '--target')) for word in words)
        if base_name(use) not in (*_WRITES_LAST, 'awk', 'sort', 'yq') or into_folder:
            return True
        return any(is_inside(file, path) for path in self._targets(use))

    def names(
        self, step: Step, files: Iterable[str], in_run: Callable[[Env], bool] = lambda env: True
    ) -> bool:
        """A step, in some of its runs, names one of the files, or a folder or pattern for it."""
        wanted = list(files)
        if not wanted:
            return False
        return any(
            may_be_in(file, path) for path in set(self.named(step, in_run)) for file in wanted
        )

    def named(self, step: Step, in_run: Callable[[Env], bool] = lambda env: True) -> Iterator[str]:
        """The files and folders that a step may read, in some of its runs."""
        for use in step.programs:
            if not in_run(use.env):
                continue
            fields = use.fields[1:]
            if base_name(use) in _WRITES_LAST:
                fields = fields[:-1]
            elif base_name(use) == 'touch' or makes_folders(use):
                continue
            for field in fields:
                yield from self._of_word(field.text, use.env)
        for operator, target, env in step.report.targets:
            if operator not in _REPLACES and in_run(env):
                yield from self.of(target, env)
        for event in step.builds:
            for flag in self.flags(event) if in_run(event.env) else ():
                if flag.name not in OUTPUTS and flag.name not in ('context', 'destination'):
                    yield from self._of_word(flag.value, event.env)

    def _of_word(self, word: Text, env: Env) -> Iterator[str]:
        """A word as a path; what follows `=`, `:` or `@` may be one, too."""
        for part in (word, *word.split('=@:,')[1:]):
            if part.value.strip('-'):
                yield from self.of(part, env)


def spelling(path: str) -> str:
    """A path for a message: with the names of variables, and `…` for other unknown values."""
    pieces = path.split('\0')
    pieces[1::2] = [f'${name}' if name.isidentifier() else '…' for name in pieces[1::2]]
    return ''.join(pieces)


def may_be_in(file: str, path: str) -> bool:
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
        start = folder.partition('\0')[0]
        if file.startswith('\0') or not start:
            return folder[:1] != '/' or file.startswith('\0')
        return file.startswith(start) or start.startswith(file.partition('\0')[0])
    return file == folder or file.startswith(f'{folder}/')
