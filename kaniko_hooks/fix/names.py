"""Names of the new jobs: what the old name says, and what tells the images apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import chain, count

from kaniko_hooks.fix.units import Unit
from kaniko_hooks.kaniko import Flag

PLURALS = frozenset(
    ('images', 'containers', 'apps', 'services', 'packages', 'components', 'builds')
)
_SEPARATORS = re.compile(r'[-_:./\s]+')
_WORD = re.compile(r'[^-_:./\s]+')
_DOCKERFILE = r'(?i)(?:(.+)\.)?(?:Docker|Container)file(?:[-_.](.+))?'


def stem(job: str) -> str:
    """The job's name without what says that there are several: `build-all-images`, `build-all`."""
    words = _WORD.findall(job)
    if re.search(r'\s', job) and not all(word[:1].isupper() for word in words):
        return job  # a sentence
    if words and words[-1].lower() in PLURALS and job.endswith(words[-1]):
        return job[:-1]
    return job


def separator(job: str) -> str:
    """The separator of the last words of a name; '-' where it has one word."""
    separators = _SEPARATORS.findall(job.strip('-_:./ \t'))
    return str(separators[-1]) if separators else '-'


def joined(first: str, label: str, between: str) -> str:
    """Stem and label with the words that they share at the border only once.

    A separator of words is the same all over the name, but no other one is put
    into a label.
    """
    left = _WORD.findall(first)
    right = list(_WORD.finditer(label))
    words = [match.group() for match in right]
    common = next(
        (n for n in range(min(len(left), len(right)), 0, -1) if left[-n:] == words[:n]), 0
    )
    if common == len(right):
        return first
    rest = label[right[common].start() : right[-1].end()]
    if between in ('-', '_'):
        rest = re.sub('[-_]+', between, rest)
    return f'{first}{between}{rest}'


def part_names(job: str, units: Sequence[Unit], occupied: Collection[str]) -> list[str]:
    """A name for each unit's job; occupied names are avoided, but for the job's own."""
    base, between = stem(job), separator(job)
    used = {*occupied} - {job}
    names: list[str] = []
    for label in labels(units):
        name = joined(base, label, between)
        # G: at the top level `image` is no job.
        names.append(unused(job if name == 'image' else name, used))
        used.add(names[-1])
    return names


def template_name(job: str, occupied: Collection[str]) -> str:
    """The hidden job that keeps what the parts share: `.build-image`."""
    return unused('.' + stem(job).lstrip('.'), occupied)


def unused(name: str, used: Collection[str]) -> str:
    """The name, or with the first number from 2 that makes it unused."""
    numbered = (f'{name}-{number}' for number in count(2))
    return next(candidate for candidate in chain([name], numbered) if candidate not in used)


# Labels

# What tells images with the same name apart, and what tells those without one apart.
_OF_IMAGES = ('tag', 'target', 'dockerfile', 'folder', 'platform')
_OF_SOURCES = ('folder', 'dockerfile', 'target', 'tag', 'platform')

_Words = Mapping[str, 'str | None']


def labels(units: Sequence[Unit]) -> list[str]:
    """A label for each unit; '' for the one that the stem alone names.

    Images have the first word. Those with the same name, or an unknown one, are told
    apart by the first of tag, target, Dockerfile, folder and platform that can.
    """
    loops = [unit.loop.command.name for unit in units if unit.loop is not None]
    words = [_agreed([_words(build.flags) for build in unit.builds]) for unit in units]
    result = [None if unit.loop else own['image'] for unit, own in zip(units, words)]
    groups: dict[str | None, list[int]] = {}
    for number, (unit, label) in enumerate(zip(units, result)):
        if unit.loop is not None and loops.count(unit.loop.command.name) == 1:
            result[number] = unit.loop.command.name if len(loops) > 1 else ''
        else:
            groups.setdefault(label, []).append(number)
    for label, members in groups.items():
        if label is None or len(members) > 1:
            others = None if label else {other for other in groups if other}
            differences = _differences([words[number] for number in members], others)
            for number, more in zip(members, differences):
                result[number] = joined(label, more, '-') if label and more else label or more
    unnamed = [number for number, label in enumerate(result) if not label]
    for number in unnamed if len(unnamed) > 1 else ():
        result[number] = str(number + 1)
    return [label or '' for label in result]


def _differences(units: Sequence[_Words], others: Collection[str] | None) -> list[str]:
    """Labels that tell units apart, at most one of which may lack it.

    Also from the `others`, if the units have no word of an image.
    """
    kinds = _OF_IMAGES if others is None else _OF_SOURCES
    rows = [[words[kind] for words in units] for kind in kinds]
    for lacking in (0, 1):
        for row in rows:
            is_clear = len({*row}) == len(row) and not {*row} & {*(others or ())}
            if row.count(None) == lacking and is_clear:
                return [label or '' for label in row]
    return [''] * len(units)


def _agreed(runs: Sequence[_Words]) -> _Words:
    """The words of all runs of a unit, None where they differ: it would name one of them."""
    kinds = ('image', *_OF_IMAGES)
    by_kind = {kind: {words[kind] for words in runs} for kind in kinds}
    return {kind: words.pop() if len(words) == 1 else None for kind, words in by_kind.items()}


def _words(flags: Sequence[Flag]) -> _Words:
    """The words that may name a build; None for one that is not there, or not known."""
    # Unknown characters are NULs.
    values = [(flag.name, '\0'.join(flag.value.key()[::2])) for flag in flags]
    last = dict(values)
    images = [value.split('@')[0] for name, value in values if name == 'destination'] or ['']
    names = [image.rsplit('/', 1)[-1].partition(':') for image in images]
    pieces = [piece for part in names[0][2].split('\0') if (piece := part.strip('-_.'))]
    folder, _, file = last.get('dockerfile', '').rpartition('/')
    match = re.fullmatch(_DOCKERFILE, file)
    return {
        'image': next(filter(None, (_literal(name) for name, _, _ in names)), None),
        'tag': pieces[0] if len(pieces) == 1 else None,
        'target': _literal(last.get('target', '')),
        # `api` of `Dockerfile.api` or `api.Dockerfile`.
        'dockerfile': _literal(match[2] or match[1] or '') if match else None,
        # That of the Dockerfile, or else the context's.
        'folder': _base(folder if folder.strip('./') else last.get('context', '')),
        # `arm64` of `linux/arm64`.
        'platform': _base(last.get('custom-platform') or last.get('customPlatform', '')),
    }


def _base(path: str) -> str | None:
    """The last segment of a folder's path."""
    return _literal(path.rpartition('://')[2].rstrip('/').rsplit('/', 1)[-1])


def _literal(name: str) -> str | None:
    return name if '\0' not in name and _WORD.search(name) else None
