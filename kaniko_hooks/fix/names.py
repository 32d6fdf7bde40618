"""The names of a split job's template and parts."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

PLURALS = frozenset(
    ('images', 'containers', 'apps', 'services', 'packages', 'components', 'builds')
)
# Top-level keys that are no jobs, and job names that GitLab gives a meaning or
# that YAML reads as something else than a string.
RESERVED = frozenset(
    (
        'after_script',
        'before_script',
        'cache',
        'default',
        'false',
        'image',
        'include',
        'nil',
        'null',
        'pages',
        'pages:deploy',
        'services',
        'spec',
        'stages',
        'true',
        'types',
        'variables',
        'workflow',
        'yes',
        'no',
        'on',
        'off',
        'y',
        'n',
    )
)
LONGEST = 255  # GitLab: a job's name

_SEPARATORS = re.compile(r'[-_:./\s]+')
_WORD = re.compile(r'[^-_:./\s]+')


def stem(job: str) -> str:
    """The job's name in the singular: `build-images` -> `build-image`."""
    last = None
    for last in _WORD.finditer(job):
        pass
    if last is not None and last.group().lower() in PLURALS and last.end() == len(job):
        return job[:-1]
    return job


def separator(job: str) -> str:
    """What stands between the last words of a name; '-' where it has one word."""
    found = [match.group() for match in _SEPARATORS.finditer(job.strip('-_:./ \t'))]
    return found[-1] if found else '-'


def joined(stem_: str, label: str, between: str) -> str:
    """Stem and label with the words that they share at the border only once.

    A separator of words is the same all over the name, but no other one is put
    into a label.
    """
    left = _WORD.findall(stem_)
    right = list(_WORD.finditer(label))
    words = [each.group() for each in right]
    shared = next(
        (n for n in range(min(len(left), len(right)), 0, -1) if left[-n:] == words[:n]), 0
    )
    if shared == len(right):
        return stem_
    rest = label[right[shared].start() : right[-1].end()]
    if between in ('-', '_'):
        rest = re.sub('[-_]+', between, rest)
    return f'{stem_}{between}{rest}'


def part_names(job: str, labels: Sequence[str | None], taken: Collection[str]) -> list[str]:
    """A name for each build; `None` as label is numbered. `taken` names are avoided."""
    base, between = stem(job), separator(job)
    used = set(taken) | RESERVED
    names = []
    for number, label in enumerate(labels, 1):
        name = unused(joined(base, label or str(number), between), used)
        used.add(name)
        names.append(name)
    return names


def template_name(job: str, taken: Collection[str]) -> str:
    """The hidden job that keeps what the parts share: `.build-image`."""
    return unused('.' + stem(job).lstrip('.'), taken)


def unused(name: str, taken: Collection[str]) -> str:
    """The name, or with the first number from 2 that makes it unused."""
    if name not in taken:
        return name
    number = 2
    while f'{name}-{number}' in taken:
        number += 1
    return f'{name}-{number}'
