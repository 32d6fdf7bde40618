"""`include:rules`: whether a push to `main` takes an entry, and whether others may.

Rules: G: lib/gitlab/ci/config/external/rules.rb, ci/build/rules/rule/clause/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.ci.gitlab import globs
from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.expression import InvalidExpression, is_true
from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.values import (
    Items,
    Table,
    Value,
    entries_of,
    get,
    items_of,
    place_of,
    plain,
    specified,
    string_of,
)
from kaniko_hooks.ci.gitlab.variables import flat
from kaniko_hooks.named_tuple import NamedTuple

# What a push to the default branch of some project sees, as far as it is the same everywhere.
PUSH_TO_MAIN: Mapping[str, str] = {
    'CI': 'true',
    'GITLAB_CI': 'true',
    'CI_PIPELINE_SOURCE': 'push',
    'CI_COMMIT_BRANCH': 'main',
    'CI_COMMIT_REF_NAME': 'main',
    'CI_COMMIT_REF_SLUG': 'main',
    'CI_DEFAULT_BRANCH': 'main',
    'CI_COMMIT_REF_PROTECTED': 'true',
    'CI_SERVER': 'yes',
    'CI_SERVER_HOST': 'gitlab.example.com',
    'CI_SERVER_FQDN': 'gitlab.example.com',
    'CI_SERVER_URL': 'https://gitlab.example.com',
    'CI_REGISTRY': 'registry.example.com',
    'CI_REGISTRY_IMAGE': 'registry.example.com/group/project',
    'CI_PROJECT_PATH': 'group/project',
    'CI_PROJECT_NAME': 'project',
    'CI_PROJECT_NAMESPACE': 'group',
    'CI_PROJECT_ROOT_NAMESPACE': 'group',
    'CI_PROJECT_DIR': '/builds/group/project',
    'CI_CONFIG_PATH': '.gitlab-ci.yml',
}

_CLAUSES = frozenset(('if', 'exists', 'changes', 'when'))
_WHEN = ('always', 'never')
_PATHS = {
    'exists': frozenset(('paths', 'project', 'ref')),
    'changes': frozenset(('paths', 'compare_to')),
}
_MAX_PATHS = 50


class Verdict(NamedTuple):
    """Whether a push to `main` takes an entry, and whether any pipeline may."""

    taken: bool
    possible: bool


class _Met(NamedTuple):
    """Whether a rule holds for a push to `main`; `certain`: for every pipeline."""

    holds: bool
    certain: bool


def judged(rules: Value | None, files: Files, strict: bool) -> Verdict:
    """The verdict of `rules:` (None: there are none). Raises InvalidPipeline.

    `files` are asked for `exists`. With `strict` no rule may be wrong, not even
    one after the first that holds.
    """
    if rules is None:
        return Verdict(True, True)
    taken: bool | None = None
    possible = False
    if not isinstance(rules, Items) or not rules.items:
        raise InvalidPipeline('include:rules config should be an array of hashes', place_of(rules))
    for rule in flat(rules) if strict else ():
        _check(rule)
    for rule in flat(rules):
        _check(rule)
        never = string_of(get(rule, 'when')) == 'never'
        met = _met(rule, files)
        if met.holds and taken is None:
            taken = not never
        if met.holds or not met.certain:
            possible = possible or not never
        if met.holds and met.certain:
            break
    return Verdict(bool(taken), possible)


def _check(rule: Value) -> None:
    if not isinstance(rule, Table) or not rule.entries:
        raise InvalidPipeline('include:rules config should be an array of hashes', place_of(rule))
    unknown = [name for name, _ in entries_of(rule) if name not in _CLAUSES]
    if unknown:
        raise InvalidPipeline(
            f'include:rules:rule config contains unknown keys: {", ".join(unknown)}', place_of(rule)
        )
    when = specified(get(rule, 'when'))
    if when is not None and string_of(when) not in _WHEN:
        raise InvalidPipeline(
            f'include:rules:rule when unknown value: {plain(when)}', place_of(when)
        )
    _if(rule)
    for name, known in _PATHS.items():
        value = specified(get(rule, name))
        if value is not None and not _are_paths(value, known):
            raise InvalidPipeline(
                f'include:rules:rule {name} should be an array of strings or a hash',
                place_of(value),
            )


def _are_paths(value: Value, known: frozenset[str]) -> bool:
    """Whether `exists` or `changes` names paths, in a hash with these keys or alone."""
    if string_of(value) is not None:
        return 'project' in known  # a text alone does for `exists` only
    paths = get(value, 'paths') if isinstance(value, Table) else value
    return (
        all(name in known for name, _ in entries_of(value))
        and isinstance(paths, Items)
        and len(paths.items) <= _MAX_PATHS
        and all(string_of(path) is not None for path in paths.items)
    )


def _met(rule: Value, files: Files) -> _Met:
    met = _if(rule)
    exists = specified(get(rule, 'exists'))
    if met.holds and exists is not None:
        found = _exists(exists, files)
        met = _Met(found.holds, met.certain and found.certain)
    if met.holds and specified(get(rule, 'changes')) is not None:
        met = _Met(True, False)
    return met


def _if(rule: Value) -> _Met:
    condition = specified(get(rule, 'if'))
    if condition is None:
        return _Met(True, True)
    asked: list[str] = []

    def look_up(name: str) -> str | None:
        asked.append(name)
        return PUSH_TO_MAIN.get(name)

    try:
        holds = is_true(string_of(condition) or '', look_up)
    except InvalidExpression:
        raise InvalidPipeline(
            'include:rules:rule if invalid expression syntax', place_of(condition)
        ) from None
    return _Met(holds, not asked)


def _exists(value: Value, files: Files) -> _Met:
    """Other projects and paths with variables can't be seen, so they may exist."""
    if get(value, 'project') is not None:
        return _Met(False, False)
    patterns = [string_of(item) or '' for item in items_of(get(value, 'paths') or value)]
    if any(_is_there(pattern, files) for pattern in patterns):
        return _Met(True, True)
    return _Met(False, not any(re.search(r'\$\w|\$\{', pattern) for pattern in patterns))


def _is_there(pattern: str, files: Files) -> bool:
    folder = globs.folder_of(pattern)
    if folder is None:
        return files.repository.has_file(pattern)
    return globs.exists(pattern, files.listing(folder))
