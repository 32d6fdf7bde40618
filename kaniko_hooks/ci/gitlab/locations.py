"""`include:` -> which files it names, and which of them cannot be seen from here.

Rules: G: lib/gitlab/ci/config/external/mapper/.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.ci.gitlab import globs
from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.rules import PUSH_TO_MAIN, Verdict, judged
from kaniko_hooks.ci.gitlab.values import (
    Items,
    Leaf,
    Table,
    Value,
    get,
    is_null,
    items_of,
    place_of,
    plain,
    specified,
    string_of,
)
from kaniko_hooks.model import Note, Place
from kaniko_hooks.named_tuple import NamedTuple

KINDS = ('local', 'project', 'remote', 'template', 'artifact', 'component')

_TEMPLATE = '.gitlab-ci.yml'
_URL = re.compile(r'(?:https?|ssh|git)://', re.IGNORECASE)
# G: lib/expand_variables.rb
_VARIABLE = re.compile(r'(?a:\$(?:[a-zA-Z_]\w*|\{[a-zA-Z_]\w*\})|%[a-zA-Z_]\w*%)')
_THIS_PROJECT = re.compile(r'\$(?:CI_PROJECT_PATH|\{CI_PROJECT_PATH\})')
_COMPONENT_HERE = re.compile(
    r'\$\{?CI_SERVER_(?:FQDN|HOST)\}?/\$\{?CI_PROJECT_PATH\}?/([\w.-]+)@\S+'
)


class Location(NamedTuple):
    """A file of the repository that an `include:` names."""

    path: str  # as GitLab looks it up, without leading slashes
    place: Place  # of the entry
    inputs: Table | None
    verdict: Verdict
    wildcard: bool = False


def locations(value: Value | None, files: Files, strict: bool) -> tuple[list[Location], list[Note]]:
    """The files that `include:` names, in order, and notes on what cannot be seen.

    With `strict`, what a push to `main` does not take is passed over, and variables
    in a path are those of that push; without, such a path cannot be seen. Raises
    InvalidPipeline.
    """
    found: list[Location] = []
    notes: list[Note] = []
    for entry in items_of(value):
        if is_null(entry):
            continue
        try:
            verdict = judged(specified(get(entry, 'rules')), files, strict)
            if verdict.taken or (verdict.possible and not strict):
                kind, name = _target(entry, strict)
                _add(entry, kind, name, verdict, files, strict, found, notes)
        except InvalidPipeline as error:
            if strict:
                raise
            # A newer GitLab may know more.
            notes.append(Note(error.place, f'include: {error.message}'))
    return found, notes


def _add(
    entry: Value,
    kind: str,
    name: Value,
    verdict: Verdict,
    files: Files,
    strict: bool,
    found: list[Location],
    notes: list[Note],
) -> None:
    place = place_of(entry)
    inputs = _inputs(entry)
    _check_address(entry, kind, name)
    paths = _paths_here(entry, kind, name, files)
    if not paths:
        notes.append(Note(place, f'include: {kind} is not visible here'))
    for item in paths:
        path = string_of(item)
        if path is None:
            raise InvalidPipeline(
                f'Included file `{plain(item)}` needs to be a string', place_of(item)
            )
        if not strict and _VARIABLE.search(path):
            notes.append(Note(place, f'include: {kind} with variables is not visible here'))
            continue
        if '*' in path and kind == 'local':
            # GitLab forgets the inputs of a wildcard, and puts no variables into it; newer
            # ones keep the inputs, and drop leading slashes.
            path, inputs = (path, None) if strict else (path.lstrip('/'), inputs)
            listed = files.listing(path[: path.index('*')].rpartition('/')[0])
            found.extend(
                Location(each, place, inputs, verdict, True)
                for each in globs.included(path, listed)
                if files.has(each)
            )
        else:
            found.append(Location(_pushed(path).lstrip('/'), place, inputs, verdict))


def _check_address(entry: Value, kind: str, name: Value) -> None:
    """Raises InvalidPipeline for what is wrong wherever the file may be."""
    text = string_of(name)
    named_by = {'project': 'file', 'artifact': 'job'}.get(kind)
    if named_by is not None and all(map(_blank, items_of(get(entry, named_by)))):
        raise InvalidPipeline(f'include config must specify the {named_by}', place_of(entry))
    if kind not in ('remote', 'template') or text is None or _VARIABLE.search(text):
        return
    if kind == 'template' and not text.endswith(_TEMPLATE):
        raise InvalidPipeline(f'Template file `{text}` is not a valid location!', place_of(name))
    if kind == 'remote' and not _URL.match(text.strip()):
        raise InvalidPipeline(
            f'Remote file `{text}` does not have a valid address!', place_of(name)
        )
    if not is_yaml(text):
        raise InvalidPipeline(
            f'Included file `{text}` does not have YAML extension!', place_of(name)
        )


def is_yaml(path: str) -> bool:
    """Whether a path ends as an included file's must."""
    return path.rpartition('/')[2].lower()[1:].endswith(('.yml', '.yaml'))


def _target(entry: Value, strict: bool) -> tuple[str, Value]:
    """The one of KINDS that an entry has, with its value."""
    if isinstance(entry, Leaf) and isinstance(entry.value, str):
        text = _pushed(entry.value) if strict else entry.value
        return ('remote' if _URL.match(text.strip()) else 'local'), Leaf(text, entry.node)
    if not isinstance(entry, Table):
        raise InvalidPipeline('Each include must be a hash or a string', place_of(entry))
    given = [(kind, get(entry, kind)) for kind in KINDS]
    present = [(kind, value) for kind, value in given if value is not None and not _blank(value)]
    if len(present) > 1:
        raise InvalidPipeline(
            f'Each include must use only one of: `{"`, `".join(KINDS)}`', place_of(entry)
        )
    if not present:
        raise InvalidPipeline(
            f'`{plain(entry)}` does not have a valid subkey for include. '
            f'Valid subkeys are: `{"`, `".join(KINDS)}`',
            place_of(entry),
        )
    return present[0]


def _blank(value: Value) -> bool:
    return is_null(value) or (string_of(value) is not None and not str(string_of(value)).strip())


def _paths_here(entry: Value, kind: str, name: Value, files: Files) -> Sequence[Value]:
    """The paths of an entry that certainly names files of this repository."""
    if kind == 'local':
        return [name]
    text = string_of(name) or ''
    if kind == 'project' and _THIS_PROJECT.fullmatch(text) and is_null(get(entry, 'ref')):
        return items_of(get(entry, 'file'))
    component = _COMPONENT_HERE.fullmatch(text) if kind == 'component' else None
    if component and isinstance(name, Leaf):
        paths = (f'templates/{component[1]}.yml', f'templates/{component[1]}/template.yml')
        return [Leaf(path, name.node) for path in paths if files.text(path)][:1]
    return []


def _inputs(entry: Value) -> Table | None:
    inputs = specified(get(entry, 'inputs'))
    if inputs is None or isinstance(inputs, Table):
        return inputs
    raise InvalidPipeline('include:inputs config should be a hash', place_of(inputs))


def _pushed(text: str) -> str:
    """A text with the variables of a push to `main`."""
    return _VARIABLE.sub(lambda match: PUSH_TO_MAIN.get(match.group().strip('${}%'), ''), text)


def include_of(content: Table) -> Value | None:
    """What stands under `include:`, checked for being a list, a hash or a string."""
    value = get(content, 'include')
    if value is None or is_null(value) or isinstance(value, (Items, Table)):
        return value
    if string_of(value) is None:
        raise InvalidPipeline('Each include must be a hash or a string', place_of(value))
    return value
