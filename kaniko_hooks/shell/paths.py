"""Paths of a script -> files of the repository, and files that the script reads and writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kaniko_hooks.model import Field
from kaniko_hooks.shell import TooMuch
from kaniko_hooks.shell.env import Env, Scope, State, joined_texts
from kaniko_hooks.shell.value import (
    ANYTHING,
    bounded,
    fresh,
    fresh_name,
    may_build,
    regex_with_holes,
)
from kaniko_hooks.text import Text, after_root, concat, hole

# Files that a script writes.
_MAX_FILES = 64
# Scripts that one name may stand for; of more only those that may build count.
_MAX_CANDIDATES = 20
_EXTENSIONS = ('.sh', '.bash')
# Of a path; one with more is unknown.
_MAX_FOLDERS = 50
_MAX_PATH = 4_096  # Linux: PATH_MAX
_DEVICES = ('/dev/', '/proc/')
# The first characters of the names of holes that stand for names of files.
_PATTERNS = frozenset('*?[')


def targets(scope: Scope, env: Env, path: Text) -> list[Text]:
    """The targets that a path may have, while a script is evaluated. Raises TooMuch."""
    result = resolved(env, path)
    lengths = (len(path.value) + len(target.value) for target in result)
    scope.ev.spend(sum(10 + 2 * target.weight for target in result) + sum(lengths) // 16)
    return result


def resolved(env: Env, path: Text) -> list[Text]:
    """The targets that a path may have: relative to the repository's root, or absolute."""
    path = Text(path.value, path.holes)  # places are of no use here
    inside = after_root(path)
    if inside is not None and inside.value[:1] in ('', '/'):
        return [_normal(inside.part(len(inside.value) - len(inside.value.lstrip('/'))))]
    if path.holes and not path.prefix:
        # It may begin with `/`.
        return [path]
    targets = [path]
    if not _is_absolute(path):
        targets = [
            concat((directory, Text('/'), path)) if directory.value else path
            for directory in env.directories
        ]
    return list(map(_normal, targets))


def _is_absolute(path: Text) -> bool:
    return path.prefix[:1] in ('/', '~')


def _normal(path: Text) -> Text:
    """Without `.`, `..` and doubled slashes, as far as names are known."""
    if len(path.value) > _MAX_PATH or path.value.count('/') > _MAX_FOLDERS:
        return hole(fresh_name('path'))
    names: list[Text] = []
    for name in path.split('/'):
        if name.known == '..' and names and names[-1].known not in (None, '..'):
            names.pop()
        elif name.known not in ('', '.'):
            names.append(name)
    inside = Text('/').join(names)
    if not _is_absolute(path):
        return inside
    return concat((Text('/'), inside)) if names else path.part(0, 1)


def key(path: Text) -> str:
    """The name of a written file in the environment."""
    return '\0'.join(path.key())


def written(
    scope: Scope, env: Env, path: Text, contents: Sequence[Text], append: bool = False
) -> Env:
    """The environment after a file was written, with one of some contents."""
    if path.value.startswith(_DEVICES):
        return env
    files = dict(env.files)
    for target in targets(scope, env, path):
        before = files.get(key(target))
        if before is None:
            before = (scope.ev.file(target.known or ''),)
            if len(files) >= _MAX_FILES:
                # What does not run Kaniko may be forgotten.
                if not any(map(may_build, contents)):
                    continue
                raise TooMuch
        texts = contents
        if append:
            texts = [concat((text, content)) for text in before for content in contents]
            scope.ev.spend(sum(text.weight for text in texts))
        files[key(target)] = joined_texts(map(bounded, texts))
    return env._replace(files=files, epoch=fresh())


def touched(scope: Scope, state: State, words: Sequence[Field]) -> State:
    """The state after a program that may have written the files among its words.

    Those that it has run keep their text.
    """
    files = dict(state.env.files)
    for word in words:
        if word.text.value[:1] == '-':
            continue
        for target in targets(scope, state.env, word.text):
            texts = files.get(key(target), ())
            if not texts and scope.ev.repository.readable(target.known or '') is not None:
                texts = (scope.ev.file(target.value),)
            if not texts or ANYTHING in texts:
                continue
            if scope.source.place(word.start) not in scope.ev.followed:
                files[key(target)] = (*texts, ANYTHING)
    return state.with_env(state.env._replace(files=files, epoch=fresh()))


def in_unknown_folder(state: State) -> State:
    """The state after a change of the directory to one that is not known."""
    return state.with_env(state.env._replace(directories=(hole(fresh_name('folder')),)))


def scripts_of_pattern(scope: Scope, env: Env, field: Field) -> list[Field]:
    """The words that a pattern for names of files stands for, if all are the repository's scripts.

    It is the pattern itself if the script has written others.
    """
    # A name that a pattern begins does not begin with `/`.
    text = field.text if field.text.prefix else concat((Text('./'), field.text))
    path, *others = resolved(env, text)
    are_patterns = all(item.name[:1] in _PATTERNS for item in path.holes)
    if others or not path.holes or not are_patterns:
        return [field]
    scope.ev.spend(len(scope.ev.repository.files()) // 16)
    matches = filter(re.compile(regex_with_holes(path)).fullmatch, scope.ev.repository.files())
    # A pattern matches no `/`.
    names = [name for name in matches if name.count('/') == path.value.count('/')]
    folder = env.directories[0].value
    start = f'{folder}/' if folder else ''
    are_scripts = all(name.startswith(start) and name.endswith('.sh') for name in names)
    is_open = any(written.endswith(('.sh', '\0')) for written in env.files)
    if not names or not are_scripts or is_open:
        return [field]
    return [Field(Text(name[len(start) :]), False, field.start, field.end) for name in names]


def contents(scope: Scope, env: Env, path: Text, is_run: bool = True) -> list[tuple[str, Text]]:
    """The texts of the files that a path may name, each with a path to show.

    Copies of files are looked for if `is_run`: to list the repository takes a process,
    and most words of other programs are no paths.
    """
    result: list[tuple[str, Text]] = []
    may_be_copy = is_run and env.epoch > 0 and '://' not in path.value
    for target in targets(scope, env, path):
        own = env.files.get(key(target))
        is_elsewhere = bool(target.holes) or _is_absolute(target)
        is_missing = is_elsewhere or scope.ev.repository.readable(target.value) is None
        if target.value == '/dev/stdin' and env.stdin is not None:
            result.append((target.value, env.stdin))
        elif own is not None:
            result += [(target.value, text) for text in own]
        elif is_elsewhere or is_missing and may_be_copy:
            # No script means itself with a path that is not known.
            names = [name for name in _candidates(scope, target) if name != scope.path]
            result += [(name, scope.ev.file(name)) for name in names]
            result += [(target.value, text) for text in _written_by_script(env, target)]
        elif not is_missing:
            result.append((target.value, scope.ev.file(target.value)))
    return result


def _written_by_script(env: Env, path: Text) -> Iterator[Text]:
    """The texts that run Kaniko, of written files whose paths end as an unknown one does."""
    end = path.key()[-1]
    for name, texts in env.files.items():
        other = name.rpartition('\0')[2]
        if end.endswith(other) or other.endswith(end):
            yield from filter(may_build, texts)


def on_path(scope: Scope, env: Env, name: str) -> list[tuple[str, Text]]:
    """The scripts that a name without a folder may stand for.

    Those are the files that the script has put outside of the repository and,
    if PATH was set, any file.
    """
    scope.ev.spend(len(env.files))
    is_path_set = 'PATH' in env.variables or 'PATH' in scope.script.variables
    result = [
        (path, text)
        for path, texts in env.files.items()
        for text in texts
        if (path[:1] == '/' or is_path_set) and path.rpartition('/')[2] == name
    ]
    if is_path_set:
        result += [(path, scope.ev.file(path)) for path in _candidates(scope, Text(f'/{name}'))]
    return result


def _candidates(scope: Scope, path: Text) -> Sequence[str]:
    """The files of the repository that a path from elsewhere may name.

    The repository may be copied, or its folder unknown: of the path counts the
    longest end that is the end of a file's path. A path of which nothing is known may
    name any script.
    """
    names = [name for name in path.split('/') if name.value]
    if not any(name.has_known for name in names):
        if any(item.name.startswith('$(mktemp') for item in path.holes):
            return ()
        return [name for name in scope.ev.repository.files() if name.endswith(_EXTENSIONS)]
    pieces = path.key()[::2]
    if pieces not in scope.ev.candidates:
        scope.ev.candidates[pieces] = _with_ends(scope, names)
    return scope.ev.candidates[pieces]


def _with_ends(scope: Scope, names: list[Text]) -> Sequence[str]:
    """The files whose paths end with the most of these names."""
    files, end = scope.ev.repository.files(), names[-1].key()[-1]
    scope.ev.spend(len(files) // 32)
    files = [name for name in files if name.endswith(end)]
    for start, name in enumerate(names):
        if not name.has_known:
            # It may be the root, or several folders.
            continue
        scope.ev.spend(20 * len(names) + len(files) // 16)
        pattern = '(?:.*/)?' + regex_with_holes(Text('/').join(names[start:]))
        matching = list(filter(re.compile(pattern, re.DOTALL).fullmatch, files))
        if len(matching) > _MAX_CANDIDATES:
            return [name for name in matching if may_build(scope.ev.file(name))]
        if matching:
            return matching
    return ()
