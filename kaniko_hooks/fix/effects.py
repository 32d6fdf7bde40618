"""Judgements on steps: whether one may run for each image, and which images it acts on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kaniko_hooks.fix.programs import ADDING, TESTERS, WITHOUT_REGISTRY
from kaniko_hooks.fix.steps import BuildCall, ProgramCall, Step, scripts_of
from kaniko_hooks.shell.programs import BUILTIN, OTHER, PURE
from kaniko_hooks.shell.tree import If
from kaniko_hooks.text import Text

# A handler of `trap` that is none, or that only removes files.
_REMOVAL = r'-?|\s*rm\s[^;&|`<>()\n]*'


def effects(step: Step) -> Sequence[ProgramCall]:
    """The programs of a step that may do more than change files of the container."""
    return [use for use in step.programs if use.kind == OTHER]


def may_stop(step: Step) -> bool:
    """A step may be there to stop what follows it: a test, a scan, a command that nobody knows."""
    report = step.report
    # Nothing else stops after `|| true`.
    if not (report.demands or report.exits) and re.search(r'\|\|\s*(?:true|:)\s*\Z', step.text):
        return False
    return (
        report.demands
        or _tests(step)
        or any(ADDING.isdisjoint(use.words[:3]) for use in effects(step))
    )


def _tests(step: Step) -> bool:
    """A program is run for its status, and not only to choose what an `if` does."""
    command = step.only_command
    condition = command.arms[0].condition if isinstance(command, If) else ()
    if not condition or step.report.calls or scripts_of(step):
        return any(use.name in TESTERS for use in step.programs)
    after = step.text[condition[-1].end - step.first :]
    return not {*TESTERS, 'exit'}.isdisjoint(re.split(r'[\s;&|()]', after))


def sets_trap(step: Step) -> bool:
    """The step sets a `trap` that does more than to remove files."""
    traps = [use for use in step.programs if use.kind == BUILTIN and use.name == 'trap']
    return any(len(use.words) > 1 and not re.fullmatch(_REMOVAL, use.words[0]) for use in traps)


def only_prints(step: Step) -> bool:
    """The step prints something and changes nothing that a later command could find."""
    report = step.report
    # A file may have the same text already.
    writes_file = any(
        '>' in operator and not re.match(r'/dev/|[12-]\Z', text.value)
        for operator, text, _ in report.targets
    )
    return (
        not (report.most_builds or report.writes or report.demands or writes_file)
        and report.changes <= {'stdin', 'stdout', 'epoch'}
        and all(use.kind == PURE or use.name in ('echo', 'printf', 'pwd') for use in step.programs)
        and any(use.name not in TESTERS for use in step.programs)
    )


def removes_leftovers(step: Step) -> bool:
    """The step only removes what an earlier build has left in /kaniko and in the root folder.

    It may not be in the folder where runners keep projects, on a volume or a temporary file.
    """
    if not {use.name for use in step.programs} <= {'rm', 'true', ':'}:
        return False
    paths = [word.value for use in step.programs for word in use.operands]
    return (
        not step.report.writes
        and step.report.changes <= {'epoch'}
        and all(re.fullmatch(r'/(?!(?:builds|cache|mnt|tmp)/)[^$]*', path) for path in paths)
        and any(re.match(r'/kaniko/(?:\d|\[|\*|stages|layers|Dockerfile)', path) for path in paths)
    )


# Images


def spelled(text: Text) -> str:
    """An image's name for comparisons: the names of holes between NULs."""
    key = text.key()
    return '\0'.join(
        re.sub(r'\W', '_', piece) if number % 2 else piece for number, piece in enumerate(key)
    )


def units_named(step: Step, images: Sequence[frozenset[str]]) -> set[int]:
    """The units whose images a step names; `images` are the spelled names of each unit's.

    A whole name with its tag counts before one without, that before the last word of one.
    """
    words = [text for use in step.programs for text in use.texts]
    words += [target for _, target, _ in step.report.targets]
    texts = [*map(spelled, words)]
    for shorten in (str, repository_of, last_word):
        hits = {
            number
            for number, names in enumerate(images)
            for name in filter(None, map(shorten, names))
            if any(_contains(text, name) for text in texts)
        }
        if hits:
            return hits
    return set()


def act_on(uses: Sequence[ProgramCall], images: Iterable[str]) -> bool:
    """Programs act on one of the images: they name it with its registry, or as tools for images."""
    whole, short = [*map(repository_of, images)], [*filter(None, map(last_word, images))]
    return all(
        any(
            _contains(spelled(text), name)
            for text in use.arguments
            for name in (*whole, *(short if use.name in WITHOUT_REGISTRY else ()))
        )
        for use in uses
    )


def images_of(builds: Iterable[BuildCall]) -> frozenset[str]:
    """The spelled destinations of builds."""
    return frozenset(spelled(name) for build in builds for name in build.values('destination'))


def _contains(text: str, name: str) -> bool:
    if name not in text:
        return False
    return re.search(rf'(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)', text) is not None


def repository_of(image: str) -> str:
    """An image's name without tag and digest."""
    name = image.partition('@')[0]
    head, colon, tag = name.rpartition(':')
    return head if colon and '/' not in tag else name


def last_word(image: str) -> str:
    """The last path segment of an image's name, '' if nothing of it is known."""
    segment = repository_of(image).rpartition('/')[2]
    return '' if '\0' in segment else segment
