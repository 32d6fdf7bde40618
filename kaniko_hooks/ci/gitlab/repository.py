"""Which pipelines a repository has, and which files belong to each.

Root pipelines first, then the child pipelines they trigger, then named files
that are in none of them: what uses those is elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from kaniko_hooks.ci.gitlab.children import children
from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.include import Configuration, Mode, child_configuration, configuration
from kaniko_hooks.ci.gitlab.pipeline import Pipeline, pipeline_of
from kaniko_hooks.ci.gitlab.values import Table
from kaniko_hooks.document.nodes import MappingNode
from kaniko_hooks.model import Place, Problem, Variable
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.project import Unreadable

ROOT = '.gitlab-ci.yml'
MAX_CHILDREN = 500

_PUSH = Mode()
_LENIENT = Mode(every_rule=True, lenient=True)
_NO_TABLE = Table({}, MappingNode([], {}, '', 0, 0, False, None, None))
_NOTHING = Pipeline({}, {}, (), (), _NO_TABLE, _NO_TABLE, _NO_TABLE, {})
_SAYS_CI = re.compile(r'\.gitlab-ci\.ya?ml\Z', re.IGNORECASE)


class Found(NamedTuple):
    """One pipeline of the repository.

    - `root`: its root file; for a child pipeline that of the triggering one.
    - `alone`: the file is in no root pipeline; its users are elsewhere.
    - `variant`: again the pipeline before it, now with the files that only a
      push to `main` leaves out.
    - `broken`: GitLab would refuse it; this is what can be made of it.
    - `child`: which child pipeline it is.
    - `handed`: for each trigger job, the variables that it hands over.
    """

    root: str
    pipeline: Pipeline
    alone: bool = False
    variant: bool = False
    broken: bool = False
    child: str | None = None
    handed: tuple[Mapping[str, Variable], ...] = ()

    @property
    def visible(self) -> bool:
        """Whether everything that it is made of, and all that uses it, can be seen."""
        return self.pipeline.visible and not self.alone and not self.broken


class Pipelines(NamedTuple):
    """The pipelines of a repository, and what could not be read."""

    found: tuple[Found, ...]
    problems: tuple[Problem, ...]
    files: frozenset[str]  # that belong to one of them, readable or not


def pipelines(files: Files, named: Sequence[str], configs: Sequence[str]) -> Pipelines:
    """All root pipelines and children, and those of named files that are in none of them.

    `named` and `configs` (further root files) are relative to the repository root.
    """
    reader = _Reader(files)
    for root in dict.fromkeys((ROOT, *configs)):
        missing = _missing(files, root) if root in configs else None
        if missing is not None:
            reader.problems[Problem(Place(root, 0), missing)] = None
        elif files.has(root):
            reader.read(root, _of_file(files, root))
    reader.read_children()
    for path in dict.fromkeys(named):
        if path not in reader.seen:
            reader.read_alone(path)
    reader.read_children()
    found = reader.result()
    of_pipelines = reader.seen.union(*(each.pipeline.files for each in found))
    return Pipelines(found, tuple(reader.problems), frozenset(of_pipelines))


def _missing(files: Files, root: str) -> str | None:
    """Why a root pipeline that was asked for cannot be read at all, whatever is in it."""
    try:
        return None if files.repository.text(root) is not None else 'there is no such file'
    except Unreadable as error:
        return f'the file {error}'


Load = Callable[[Mode], Configuration]


def _of_file(files: Files, path: str) -> Load:
    return lambda mode: configuration(files, path, mode)


def _of_child(files: Files, include: Table) -> Load:
    return lambda mode: child_configuration(files, include, mode)


class _Reader:
    """Pipelines as they are found; `seen` are the files that belong to one."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.found: list[Found] = []
        self.problems: dict[Problem, None] = {}
        self.seen: set[str] = set()
        self.asked = 0  # the pipelines of `found` whose children are known
        self.handed: dict[str, list[Mapping[str, Variable]]] = {}

    def read(self, root: str, load: Load, child: str | None = None) -> None:
        """A pipeline that GitLab makes; what is wrong with it is a problem."""
        try:
            loaded = load(_PUSH)
            pipeline = pipeline_of(self.files, loaded, _PUSH)
        except InvalidPipeline as error:
            self._problem(error)
            self._add(load, Found(root, _NOTHING, broken=True, child=child))
            return
        self.seen.update(pipeline.files)
        self.found.append(Found(root, pipeline, child=child))
        if loaded.left_out:
            self._add(load, Found(root, _NOTHING, variant=True, child=child))

    def read_alone(self, path: str) -> None:
        """A file whose users are elsewhere."""
        error = self._add(_of_file(self.files, path), Found(path, _NOTHING, alone=True))
        if error is not None and _SAYS_CI.search(path):
            self._problem(error)

    def _add(self, load: Load, found: Found) -> InvalidPipeline | None:
        try:
            pipeline = pipeline_of(self.files, load(_LENIENT), _LENIENT)
        except InvalidPipeline as error:
            self.seen.update(() if found.alone else error.files)
            return error
        if not found.alone:
            self.seen.update(pipeline.files)
        self.found.append(found._replace(pipeline=pipeline))
        return None

    def _problem(self, error: InvalidPipeline) -> None:
        self.seen.update(error.files)
        if any('kaniko' in self.files.text(file).lower() for file in error.files):
            self.problems[Problem(error.place, error.message, tuple(error.files))] = None

    def read_children(self) -> None:
        """The child pipelines of all that is found, and theirs."""
        while self.asked < len(self.found):
            parent = self.found[self.asked]
            self.asked += 1
            for child in children(parent.pipeline):
                known = child.identity in self.handed
                if known or len(self.handed) < MAX_CHILDREN:
                    self.handed.setdefault(child.identity, []).append(child.handed)
                if not known and child.identity in self.handed:
                    load = _of_child(self.files, child.include)
                    if parent.alone:
                        self._add(
                            load, Found(parent.root, _NOTHING, alone=True, child=child.identity)
                        )
                    else:
                        self.read(parent.root, load, child.identity)

    def result(self) -> tuple[Found, ...]:
        """What is found, without files alone that another one alone includes."""
        roots = [each.root for each in self.found if each.alone and each.child is None]
        included: set[str] = set()
        for each in self.found:
            if each.alone and each.root not in included:
                included.update(
                    file for file in each.pipeline.files if file in roots and file != each.root
                )
        return tuple(
            each._replace(handed=tuple(self.handed.get(each.child or '', ())))
            for each in self.found
            if not each.alone or each.root not in included
        )
