"""What tells the builds of a job apart: the name of the image, or else of what it is made from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.fix.script.arguments import UNKNOWN, masked, values
from kaniko_hooks.model import Word

_LETTER = re.compile(r'[^-_:./\s]')
_DOCKERFILE = re.compile(r'(?:(.+)\.)?(?:Docker|Container)file(?:[-_.](.+))?', re.IGNORECASE)


def labels(builds: Sequence[Sequence[Word]]) -> list[str | None]:
    """A label for each build's argv, None where nothing tells it from the others.

    Images have the first word; builds whose image's name is not known here are
    called after the first thing that is another one in each of them.
    """
    found = [_image(argv) for argv in builds]
    rest = [index for index, each in enumerate(found) if each is None]
    for read in (_folder, _image_piece, _dockerfile, _target, _tag):
        some = [read(builds[index]) for index in rest]
        if None not in some and len(set(some)) == len(some):
            break
    else:
        some = [_folder(builds[index]) for index in rest]
    for index, each in zip(rest, some):
        found[index] = each
    return found


def _image(argv: Sequence[Word]) -> str | None:
    """The last path segment of the first image, without tag and digest, that is literal."""
    return next(filter(None, map(_literal, _segments(argv))), None)


def _image_piece(argv: Sequence[Word]) -> str | None:
    """What is literal of it: `api` of `api-$CI_COMMIT_REF_SLUG`."""
    return next(filter(None, map(_piece, _segments(argv))), None)


def _segments(argv: Sequence[Word]) -> list[str]:
    names = [masked(word).split('@')[0] for word in values(argv, '--destination')]
    return [name.rsplit('/', 1)[-1].split(':')[0] for name in names]


def _folder(argv: Sequence[Word]) -> str | None:
    """The folder of the Dockerfile, or else the context's."""
    files, contexts = values(argv, '--dockerfile'), values(argv, '--context')
    if files and '/' in masked(files[-1]).strip('./'):
        return _last(masked(files[-1]).rstrip('/').rpartition('/')[0])
    return _last(masked(contexts[-1])) if contexts else None


def _dockerfile(argv: Sequence[Word]) -> str | None:
    """`api` of `Dockerfile.api` or `api.Dockerfile`."""
    files = values(argv, '--dockerfile')
    match = _DOCKERFILE.fullmatch(masked(files[-1]).rsplit('/', 1)[-1]) if files else None
    return _literal(match.group(2) or match.group(1) or '') if match else None


def _target(argv: Sequence[Word]) -> str | None:
    targets = values(argv, '--target')
    return _literal(masked(targets[-1])) if targets else None


def _tag(argv: Sequence[Word]) -> str | None:
    """What is literal of the first image's tag."""
    names = values(argv, '--destination')
    name = masked(names[0]).split('@')[0].rsplit('/', 1)[-1] if names else ''
    return _piece(name.partition(':')[2])


def _last(path: str) -> str | None:
    """The last segment of a folder's path."""
    return _literal(path.rpartition('://')[2].rstrip('/').rsplit('/', 1)[-1])


def _literal(name: str) -> str | None:
    return name if UNKNOWN not in name and _LETTER.search(name) else None


def _piece(name: str) -> str | None:
    """The one piece of a name that is known, if there is just one."""
    known = [each.strip('-_.') for each in name.split(UNKNOWN)]
    pieces = [each for each in known if each]
    return pieces[0] if len(pieces) == 1 else None
