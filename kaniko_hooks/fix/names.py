"""Names of the new jobs: what the old name says, and what tells the images apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import chain, count, takewhile, zip_longest

from kaniko_hooks.fix.units import Unit
from kaniko_hooks.kaniko import Flag

PLURALS = frozenset(
    ('images', 'containers', 'apps', 'services', 'packages', 'components', 'builds')
)
# Top-level keys that are no jobs, and job names that GitLab gives a meaning or
# that YAML reads as something else than a string.
RESERVED = frozenset(
    """
    after_script before_script cache default false image include nil null pages pages:deploy
    services spec stages true types variables workflow yes no on off y n
    """.split()
)

_SEPARATORS = re.compile(r'[-_:./\s]+')
_WORD = re.compile(r'[^-_:./\s]+')
_LETTER = re.compile(r'[^-_:./\s]')
_ALL = r'(?i)(?<=\w)[-_:./\s]+(?:all|both)\Z'
_ALL_OF = re.compile(r'(?<![^\W_])(?:all|both)[-_:./\s]+(?=\w)', re.IGNORECASE)
_DOCKERFILE = r'(?i)(?:(.+)\.)?(?:Docker|Container)file(?:[-_.](.+))?'


def stem(job: str) -> str:
    """The job's name without what says that there are several: `build-all-images`, `build-all`."""
    words = _WORD.findall(job)
    if re.search(r'\s', job) and not all(word[:1].isupper() for word in words):
        return job  # a sentence
    if words and words[-1].lower() in PLURALS and job.endswith(words[-1]):
        return _ALL_OF.sub('', job[:-1])
    return re.sub(_ALL, '', job)


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
    between = separator(job)
    base, own = _without_repetition(stem(job), labels(units))
    used = {*occupied} - {job} | RESERVED
    names: list[str] = []
    for label in own:
        only = base if base not in RESERVED else job
        name = joined(base, label, between) if base and label else only or label or job
        names.append(unused(name, used))
        used.add(names[-1])
    return names


def _without_repetition(base: str, own: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Stem and labels without words of one that the other one has as well."""
    words = _WORD.findall(base)
    of_labels = [_WORD.findall(label) for label in own]
    lower = [word.lower() for word in words]
    inside = [label for label in of_labels if label and {*label} <= {*lower}]
    if len(inside) > 1:
        # It names several images, and each part makes one of them.
        dropped = {'and', '&', *(word for label in inside for word in label)}
        pieces = re.findall(rf'{_WORD.pattern}|{_SEPARATORS.pattern}', base)
        base = ''
        for word, between in zip_longest(pieces[::2], pieces[1::2], fillvalue=''):
            base += '' if word.lower() in dropped else word + between
    elif all(label[-1:] == words[-1:] for label in of_labels):
        base = base.removesuffix(words[-1])
    singular = {word.removesuffix('s') for word in _WORD.findall(base)}
    first = {label[0] for label in of_labels if label}
    if all(own) and len(first) == 1 and first <= singular:
        own = [label[len(words[0]) :].lstrip('-_.') for label, words in zip(own, of_labels)]
    return base.rstrip('-_:./ '), own


def template_name(job: str, occupied: Collection[str]) -> str:
    """The hidden job that keeps what the parts share: `.build-image`."""
    return unused('.' + stem(job).lstrip('.'), occupied)


def unused(name: str, used: Collection[str]) -> str:
    """The name, or with the first number from 2 that makes it unused."""
    numbered = (f'{name}-{number}' for number in count(2))
    return next(candidate for candidate in chain([name], numbered) if candidate not in used)


# Labels

Flags = Sequence[Flag]
_Reader = Callable[[Flags], 'str | None']


def labels(units: Sequence[Unit]) -> list[str]:
    """A label for each unit; '' for the one that the stem alone names.

    Images have the first word. Those with the same name, or an unknown one, are told
    apart by the first of tag, target, Dockerfile, folder and platform that can.
    """
    loops = [unit.loop.command.name for unit in units if unit.loop is not None]
    flags = [[build.flags for build in unit.builds] for unit in units]
    result = [None if unit.loop else _agreed(_image, own) for unit, own in zip(units, flags)]
    groups: dict[str | None, list[int]] = {}
    for number, (unit, label) in enumerate(zip(units, result)):
        if unit.loop is not None and loops.count(unit.loop.command.name) == 1:
            result[number] = unit.loop.command.name if len(loops) > 1 else ''
        else:
            groups.setdefault(label, []).append(number)
    for label, members in groups.items():
        if label is not None and len(members) == 1:
            continue
        others = {other for other in groups if other is not None} if label is None else set()
        differences = _differences([flags[number] for number in members], label is None, others)
        for number, more in zip(members, differences):
            result[number] = joined(label, more, '-') if label and more else label or more
    unnamed = [number for number, label in enumerate(result) if not label]
    for number in unnamed if len(unnamed) > 1 else ():
        result[number] = str(number + 1)
    return [label or '' for label in result]


def _agreed(reader: _Reader, builds: Sequence[Flags]) -> str | None:
    """The label of all runs of a unit; None where they differ, since it would name one of them."""
    results = {reader(flags) for flags in builds}
    return results.pop() if len(results) == 1 else None


def _differences(
    units: Sequence[Sequence[Flags]], nameless: bool, others: Collection[str]
) -> list[str]:
    """Labels that tell units apart, also from `others`; at most one of them may lack it."""
    readers: tuple[_Reader, ...] = (_tag, _target, _dockerfile, _folder, _platform)
    if nameless:
        readers = (_folder, _image_piece, _dockerfile, _target, _tag, _platform)
    arguments = dict.fromkeys(
        name for builds in units for flags in builds for name in _named(flags)
    )
    readers += tuple(partial(_argument, name) for name in arguments)
    rows = [[_agreed(reader, builds) for builds in units] for reader in readers]
    rows[readers.index(_tag)] = _differing(rows[readers.index(_tag)])
    # A number of a tag says less than anything else.
    rows.sort(key=lambda row: any((label or '').isdigit() for label in row))
    for lacking in (0, 1):
        for row in rows:
            is_clear = len(set(row)) == len(row) and not set(row) & set(others)
            if row.count(None) == lacking and is_clear:
                return [label or '' for label in row]
    if nameless:
        return [label or '' for label in rows[0]]
    return [''] * len(units)


def _differing(tags: Sequence[str | None]) -> list[str | None]:
    """Tags without the words that all of them begin with, unless only numbers are left."""
    words = [re.split('[-_]', tag or '') for tag in tags]
    common = sum(1 for _ in takewhile(lambda column: len({*column}) == 1, zip(*words)))
    shorter = ['-'.join(own[common:]) for own in words]
    is_clear = all(own and not own.isdigit() for own in shorter)
    return [*shorter] if is_clear else [*tags]


def _values(flags: Flags, name: str) -> list[str]:
    """The values of a flag; unknown characters are NULs."""
    return ['\0'.join(flag.value.key()[::2]) for flag in flags if flag.name == name]


def _last(flags: Flags, *names: str) -> str:
    """The value of a flag that counts, '' without one; it may have several names."""
    values = [value for name in names for value in _values(flags, name)]
    return values[-1] if values else ''


def _image(flags: Flags) -> str | None:
    """The last path segment of the first image, without tag and digest, that is literal."""
    return next(filter(None, map(_literal, _segments(flags))), None)


def _image_piece(flags: Flags) -> str | None:
    """The literal piece of it: `api` of `api-$CI_COMMIT_REF_SLUG`."""
    return next(filter(None, map(_piece, _segments(flags))), None)


def _segments(flags: Flags) -> list[str]:
    names = [name.split('@')[0] for name in _values(flags, 'destination')]
    return [name.rsplit('/', 1)[-1].split(':')[0] for name in names]


def _folder(flags: Flags) -> str | None:
    """The folder of the Dockerfile, or else the context's."""
    file = _last(flags, 'dockerfile')
    in_folder = '/' in file.strip('./')
    return _base(file.rstrip('/').rpartition('/')[0] if in_folder else _last(flags, 'context'))


def _dockerfile(flags: Flags) -> str | None:
    """`api` of `Dockerfile.api` or `api.Dockerfile`."""
    match = re.fullmatch(_DOCKERFILE, _last(flags, 'dockerfile').rsplit('/', 1)[-1])
    return _literal(match.group(2) or match.group(1) or '') if match else None


def _target(flags: Flags) -> str | None:
    return _literal(_last(flags, 'target'))


def _platform(flags: Flags) -> str | None:
    """`arm64` of `linux/arm64`."""
    return _base(_last(flags, 'custom-platform', 'customPlatform'))


def _tag(flags: Flags) -> str | None:
    """The literal piece of the first image's tag."""
    name = next(iter(_values(flags, 'destination')), '').split('@')[0]
    return _piece(name.rsplit('/', 1)[-1].partition(':')[2])


def _named(flags: Flags) -> Iterator[str]:
    """The names of the Dockerfile's arguments."""
    for value in _values(flags, 'build-arg'):
        yield value.partition('=')[0]


def _argument(name: str, flags: Flags) -> str | None:
    """The value of an argument of the Dockerfile that is a word."""
    values = [value.partition('=') for value in _values(flags, 'build-arg')]
    value = next((value for own, _, value in values if own == name), '')
    return value if re.fullmatch(r'[\w.-]+', value) and _literal(value) else None


def _base(path: str) -> str | None:
    """The last segment of a folder's path."""
    return _literal(path.rpartition('://')[2].rstrip('/').rsplit('/', 1)[-1])


def _literal(name: str) -> str | None:
    return name if '\0' not in name and _LETTER.search(name) else None


def _piece(name: str) -> str | None:
    """The one piece of a name that is known, if there is just one."""
    pieces = [piece for part in name.split('\0') if (piece := part.strip('-_.'))]
    return pieces[0] if len(pieces) == 1 else None
