"""Whether a job's cache has files that its builds write: each new job would replace it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from kaniko_hooks.ci.gitlab.values import Leaf, Value, get, items_of, string_of
from kaniko_hooks.fix.script.arguments import outputs, plain_variables
from kaniko_hooks.old_shell.machine import Traced

_PATTERN = re.compile(r'[$*?\[{]')


def keeps_outputs(caches: Sequence[Value], builds: Sequence[Traced]) -> bool:
    """Whether one of the caches may be pushed with a file that one of the builds writes."""
    written = [(each.directory, path) for each in builds for path in outputs(each.build.argv)]
    return any(
        string_of(get(cache, 'policy')) != 'pull'
        and any(_is_kept(cache, directory, path) for directory, path in written)
        for cache in caches
    )


def _is_kept(cache: Value, directory: str | None, path: str) -> bool:
    place = _in_project(path, directory)
    if place is None:
        return False
    untracked = get(cache, 'untracked')
    if isinstance(untracked, Leaf) and untracked.value is True:
        return True
    return any(_meets(place, string_of(each)) for each in items_of(get(cache, 'paths')))


def _meets(place: str, cached: str | None) -> bool:
    """Whether a file, or a folder's file, may be what a path of a cache means."""
    pattern = _in_project(plain_variables(cached or ''), '')
    if pattern is None:
        return False
    known = _PATTERN.split(pattern)[0]
    written = _PATTERN.split(place)[0]
    if known == pattern and written == place:
        return f'{place}/'.startswith(f'{known}/') or f'{known}/'.startswith(f'{place}/')
    return known.startswith(written) or written.startswith(known)


def _in_project(path: str, directory: str | None) -> str | None:
    """A path from the project's folder; '$' where that is not known, None outside of it."""
    if path.startswith('$CI_PROJECT_DIR/'):
        path, directory = path.partition('/')[2], ''
    if path.startswith('/'):
        return None
    if directory is None or path.startswith('$'):
        return '$'
    return posixpath.normpath(posixpath.join(directory, path))
