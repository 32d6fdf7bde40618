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
from collections.abc import Iterable, Iterator, Sequence

from kaniko_hooks.ci_paths import GITLAB_ROOT, callers
from kaniko_hooks.options import MARK
from kaniko_hooks.prefilter import KANIKO, Unreadable
from kaniko_hooks.repository import Repository

# More is left to the real reading.
_MAX_FILES = 500
_FEWEST_LETTERS = 3
# Of a word, between expansions: a search for more may take for ever.
_MAX_PIECES = 3
# Files with these endings name no script that a shell would run.
_DATA = tuple('.css .go .html .java .js .json .lock .md .php .py .rb .rs .scss .sql'.split())
_DATA += tuple('.sum .svg .toml .ts .txt .xml'.split())
# Names have no white space and no character that means something to a shell or to YAML.
_PUNCTUATION = b'!"#&\'()*,/:;<=>?[\\]^`{|}$'
_TO_NAMES = bytes.maketrans(_PUNCTUATION, b' ' * len(_PUNCTUATION))
# Words may have an expansion or a wildcard, which is a `$` in them.
_TO_WORDS = bytes.maketrans(b';|&<>()`,=:[]{}', b' ' * 15)
_EXPANSION = (
    rb'\$\{\{.{0,1000}?\}\}|\$\[\[.{0,1000}?\]\]|\{\{.{0,1000}?\}\}|\$\{[^}]{0,1000}\}'
    rb'|\$\w+|[*?]+|\$(?=[$(])'
)
# A script of which nothing is written but an expansion; behind ten options it may be any.
_ANY_SCRIPT = (
    rb'[\s;|&(/](?:(?:ba|da|a|k|mk|z)?sh|source|\.)[ \t]+'
    rb'(?:(?:-\S*[ \t]+){0,9}\$|(?:-\S*[ \t]+){10})|\./\$'
)


def may_matter(repository: Repository, named: Sequence[str], configs: Sequence[str]) -> bool:
    """False if no pipeline of the named files or of the repository can mention Kaniko.

    Paths are relative to the repository's root; `configs` are further root pipelines.
    """
    if len(named) > _MAX_FILES or not all(map(repository.exists, configs)):
        return True
    starts = (*named, GITLAB_ROOT, *configs, *callers(repository.root, named))
    return Mentions(repository).in_files(starts)


class Mentions:
    """The files of one repository, and the files that they name."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._in_text: dict[str, bool] = {}
        self._without: set[str] = set()  # files that certainly lead to no Kaniko
        self._fitting: dict[bytes, list[str]] = {}  # by a word with an expansion
        self._paths: dict[bytes, list[str]] = {}  # by names of files and of actions' folders
        self._listing = b''  # each path on a line, which begins with '/'

    def in_text(self, text: str) -> bool:
        """False if a text certainly leads to no file that mentions Kaniko."""
        if text not in self._in_text:
            paths = self._named_in(text.encode(errors='replace'))
            self._in_text[text] = paths is None or self.in_files(paths)
        return self._in_text[text]

    def in_files(self, paths: Iterable[str]) -> bool:
        """False if files, relative to the root, certainly lead to none that mentions Kaniko."""
        # In order: the named files come first, and mostly settle it.
        waiting = [path for path in dict.fromkeys(paths) if path not in self._without]
        reached = set(waiting)
        for path in waiting:
            try:
                names = self._named_in(self.repository.data(path) or b'', path)
            except Unreadable:
                return True
            if names is None or len(reached) > _MAX_FILES:
                return True
            waiting += sorted(names - reached - self._without)
            reached |= names
        self._without |= reached
        return False

    def _named_in(self, data: bytes, path: str = '') -> set[str] | None:
        """The files that a text may name; None if it may name any, or if it mentions Kaniko."""
        # NULs are UTF-16, which has the words in another way.
        if _mentions_kaniko(data) or b'\0' in data:
            return None
        if not data or path.lower().endswith(_DATA):
            return set()
        self._list_files()
        words = self._paths.keys() & _names_in(data)
        paths = {path for name in words for path in self._paths[name]}
        text = re.sub(_EXPANSION, b'$', b'\n' + data.translate(None, b'"\'\\'))
        if re.search(_ANY_SCRIPT, text):
            return None
        for word in set(text.translate(_TO_WORDS).split()):
            if b'$' in word:
                paths.update(self._fitted(word))
        return paths

    def _fitted(self, word: bytes) -> list[str]:
        """The files that a word with `$` for each expansion may name."""
        folders, _, name = word.rpartition(b'/')
        folder = folders.rpartition(b'/')[2]
        if not name.strip(b'$') and folder and b'$' not in folder:
            name = folder + b'/' + name
        elif len(name.replace(b'$', b'')) < _FEWEST_LETTERS:
            return []
        if name not in self._fitting:
            pieces = re.split(rb'\$+', name)
            if len(pieces) > _MAX_PIECES:
                del pieces[1:-1]
            pattern = b'[^/\n]*'.join(map(re.escape, pieces))
            # Most words fit no name, and to search for their text alone is much faster.
            is_there = all(piece in self._listing for piece in pieces)
            matches = re.finditer(rb'(?m)/%s$' % pattern, self._listing) if is_there else ()
            self._fitting[name] = [
                os.fsdecode(self._listing[self._listing.rfind(b'\n', 0, at) + 2 : end])
                for at, end in (match.span() for match in matches)
            ]
        return self._fitting[name]

    def _list_files(self) -> None:
        if self._paths:
            return
        for path in self.repository.files():
            for name in _names_of(os.fsencode(path)):
                self._paths.setdefault(name, []).append(path)
        self._listing = b'\n'.join(b'/' + os.fsencode(path) for path in self.repository.files())


def _mentions_kaniko(data: bytes) -> bool:
    """A line mentions Kaniko and is no comment, which runs nothing, or is one for the hooks."""
    if not any(word in data for word in KANIKO):
        return False
    return MARK.encode() in data or any(
        any(word in line for word in KANIKO) and line.lstrip(b' \t')[:1] != b'#'
        for line in data.splitlines()
    )


def _names_of(path: bytes) -> Iterator[bytes]:
    """The words that name a file: the last one of its name, and an action's folder."""
    *folders, name = path.split(b'/')
    # Of `a b.sh` a text has the words `a` and `b.sh`.
    yield (_names_in(name) or [name])[-1]
    if folders and name in (b'action.yml', b'action.yaml'):
        yield folders[-1]


def _names_in(data: bytes) -> list[bytes]:
    return data.replace(b':-', b' ').translate(_TO_NAMES).split()
