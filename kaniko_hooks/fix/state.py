"""A repository with the texts that fixes so far have left, and its pipelines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.jobs import Pipeline
from kaniko_hooks.ci.gitlab.pipelines import read_pipelines
from kaniko_hooks.ci.gitlab.values import InvalidPipeline
from kaniko_hooks.fix.mentions import Mention, mentions
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.options import Options
from kaniko_hooks.repository import Repository

Mentions = Mapping[str, list[Mention]]


class Asked(NamedTuple):
    """What both hooks are asked about."""

    repository: Repository
    named: tuple[str, ...]
    options: Options


class State(NamedTuple):
    """`edited` are new texts by path; `taken` the top-level names of all pipelines."""

    asked: Asked
    edited: Mapping[str, str]
    repository: Repository
    files: Files
    found: tuple[Pipeline, ...]
    taken: frozenset[str]


def state_of(asked: Asked, edited: Mapping[str, str]) -> State:
    """The pipelines as they would be with the edited texts."""
    repository = asked.repository.edited(edited)
    files = Files(repository)
    found = read_pipelines(files, asked.named, asked.options.gitlab_configs).pipelines
    return State(
        asked,
        edited,
        repository,
        files,
        found,
        frozenset(key for each in found for key in each.table.entries if isinstance(key, str)),
    )


def mentions_of(state: State, names: Collection[str]) -> dict[str, Mentions]:
    """For each of the jobs' names, path -> where the file names it."""
    found: dict[str, dict[str, list[Mention]]] = {name: {} for name in names}
    for path in _files(state.found):
        try:
            document = state.files.document(path)
        except InvalidPipeline:
            continue  # that it cannot be read is a finding of its own
        for root in document.nodes if document else ():
            for each in mentions(root, names):
                found[each.name].setdefault(path, []).append(each)
    return dict(found)


def _files(found: Iterable[Pipeline]) -> dict[str, None]:
    return dict.fromkeys(file for each in found for file in each.files)
