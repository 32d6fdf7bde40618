"""Texts that mention Kaniko, or name a file that does, directly or by way of others.

Nothing else can run a build: an `include`, a `uses` and a call of a script all name a
file. So a pipeline or a container without such a text costs reading it and no more.

A word names each file of the repository with that name, in whichever folder. Of a
word with an expansion or a wildcard the rest has to fit the name, or else the folder.
Only words with an expansion that tell neither name nor folder are left out, unless a
shell runs them: these may name any file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from kaniko_hooks.ci_paths import callers
from kaniko_hooks.repository import Repository, Unreadable

_ROOT = '.gitlab-ci.yml'
# More is left to the real reading.
_MAX_FILES = 500
_FEWEST_LETTERS = 3
_ACTION = (b'action.yml', b'action.yaml')
# Files with these endings name no script that a shell would run.
_DATA = tuple('.css .go .html .java .js .json .lock .md .php .py .rb .rs .scss .sql'.split())
_DATA += tuple('.sum .svg .toml .ts .txt .xml'.split())
# Lines of comments run nothing. A comment for the hooks may have no use any more.
_MENTION = rb'(?m)^(?![ \t]*#).*(?:kaniko|executor)|kaniko-hooks:'
# Names have no white space and no character that means something to a shell or to YAML.
_PUNCTUATION = b'!"#&\'()*,/:;<=>?[\\]^`{|}'
_TO_NAMES = bytes.maketrans(_PUNCTUATION + b'$', b' ' * (len(_PUNCTUATION) + 1))
# Words may have an expansion or a wildcard, which is a `$` in them.
_TO_WORDS = bytes.maketrans(b';|&<>()`,=:[]{}', b' ' * 15)
_EXPANSION = rb'\$\{\{.*?\}\}|\$\[\[.*?\]\]|\{\{.*?\}\}|\$\{[^}]*\}|\$\w+|[*?]+|\$(?=[$(])'
# A script of which nothing is written but an expansion. Each begins with letters, which
# makes it fast to search for.
_BEFORE = rb'[\s;|&(/]'
_SHELLS = b'|'.join(
    b'(?<=%s%ssh)' % (_BEFORE, start) for start in (b'', *b'ba da a k mk z'.split())
)
_ANY_SCRIPTS = (
    rb'sh(?:%s)[ \t]+(?:-\S*[ \t]+)*\$' % _SHELLS,
    rb'source[ \t]+\$',
    rb'\.(?<=%s\.)[ \t]+\$' % _BEFORE,
    rb'\./\$',
)


def may_matter(repository: Repository, named: Sequence[str], configs: Sequence[str]) -> bool:
    """False if no pipeline of the named files or of the repository can mention Kaniko.

    Paths are relative to the repository's root; `configs` are further root pipelines.
    """
    if len(named) > _MAX_FILES or not all(map(repository.has_file, configs)):
        return True
    starts = (*named, _ROOT, *configs, *callers(repository.root, named))
    return Mentions(repository).in_files(starts)


class Mentions:
    """The files of one repository, and the files that they name."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._named: dict[str, frozenset[str] | None] = {}  # by the path of the naming file
        self._fitting: dict[bytes, frozenset[str]] = {}  # by a word with an expansion
        self._in_text: dict[str, bool] = {}
        self._without: set[str] = set()  # files that certainly lead to no Kaniko
        self._paths: dict[bytes, list[str]] = {}  # by names of files and of actions' folders
        self._in_folder: dict[bytes, list[str]] = {}  # by names of folders
        self._names = b''  # of all files, one on each line

    def in_text(self, text: str) -> bool:
        """False if a text certainly leads to no file that mentions Kaniko."""
        if text not in self._in_text:
            data = text.encode(errors='replace')
            paths = None if _mentions_kaniko(data) else self._named_in(data)
            self._in_text[text] = paths is None or self.in_files(paths)
        return self._in_text[text]

    def in_files(self, paths: Iterable[str]) -> bool:
        """False if files, relative to the root, certainly lead to none that mentions Kaniko."""
        waiting = set(paths) - self._without
        reached: set[str] = set()
        while waiting:
            path = waiting.pop()
            reached.add(path)
            names = self._named_by(path)
            if names is None or len(reached) > _MAX_FILES:
                return True
            waiting |= names - reached - self._without
        self._without |= reached
        return False

    def _named_by(self, path: str) -> frozenset[str] | None:
        """The files that a file names; None if that may be any, or if it mentions Kaniko."""
        if path not in self._named:
            data = self._bytes(path)
            if data is None or _mentions_kaniko(data):
                self._named[path] = None
            else:
                is_data = path.lower().endswith(_DATA)
                self._named[path] = frozenset() if is_data else self._named_in(data)
        return self._named[path]

    def _bytes(self, path: str) -> bytes | None:
        """The bytes of a file, none if there is no such file; None if it cannot be read."""
        try:
            return self.repository.data(path) or b''
        except Unreadable:
            return None

    def _named_in(self, data: bytes) -> frozenset[str] | None:
        """The files that a text may name; None if it may name any."""
        self._list_files()
        paths: set[str] = set()
        for name in self._paths.keys() & _names_in(data):
            paths.update(self._paths[name])
        if b'$' in data or b'*' in data or b'?' in data:
            text = re.sub(_EXPANSION, b'$', b'\n' + data.translate(None, b'"\'\\'))
            if any(re.search(pattern, text) for pattern in _ANY_SCRIPTS):
                return None
            for word in set(text.translate(_TO_WORDS).split()):
                if b'$' in word:
                    paths |= self._fitted(word)
        return frozenset(paths)

    def _fitted(self, word: bytes) -> frozenset[str]:
        """The files that a word with `$` for each expansion may name."""
        *folders, name = word.split(b'/')
        folder = folders[-1] if folders else b''
        literals = name.split(b'$')
        key = name if any(literals) else folder + b'/'
        if key not in self._fitting:
            paths: Iterable[str] = ()
            if sum(map(len, literals)) >= _FEWEST_LETTERS:
                pattern = b'[^\n]*'.join(map(re.escape, literals))
                names = re.findall(rb'^%s$' % pattern, self._names, re.MULTILINE)
                paths = (path for name in names for path in self._paths[name])
            elif b'$' not in folder:
                paths = self._in_folder.get(folder, ())
            self._fitting[key] = frozenset(paths)
        return self._fitting[key]

    def _list_files(self) -> None:
        if self._paths:
            return
        for path in self.repository.files():
            *folders, name = os.fsencode(path).split(b'/')
            # Of `a b.sh` a text has the words `a` and `b.sh`.
            self._paths.setdefault((_names_in(name) or [name])[-1], []).append(path)
            if folders:
                self._in_folder.setdefault(folders[-1], []).append(path)
                if name in _ACTION:
                    self._paths.setdefault(folders[-1], []).append(path)
        self._names = b'\n'.join(self._paths)


def _names_in(data: bytes) -> list[bytes]:
    return data.replace(b':-', b' ').translate(_TO_NAMES).split()


def _mentions_kaniko(data: bytes) -> bool:
    # Most texts have none of the words, and NULs only if they are UTF-16.
    if b'kaniko' not in data and b'executor' not in data:
        return b'\0' in data
    return re.search(_MENTION, data) is not None
