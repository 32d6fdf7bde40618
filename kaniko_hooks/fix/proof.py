"""The edited texts, resolved again, do what the old ones did, apart from the sharing."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence

from kaniko_hooks.bridge import with_parts
from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.jobs import Job, Pipeline, containers_of
from kaniko_hooks.ci.gitlab.values import plain
from kaniko_hooks.fix.claim import Claim
from kaniko_hooks.fix.draft import Draft
from kaniko_hooks.fix.lender import script_of
from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.script.steps import BUILD, steps
from kaniko_hooks.fix.script.trial import Setting, commands, most, traced
from kaniko_hooks.fix.state import State
from kaniko_hooks.model import Container, ScriptPart
from kaniko_hooks.old_shell.machine import Traced

Parts = Mapping[str, Sequence[str]]  # a job -> the jobs that take its place

_INDENT = re.compile(r'\n[ \t]*')


# argv, directory, variables
_Done = tuple[tuple[str, ...], str | None, tuple[tuple[str, str | None], ...]]


def prove(before: State, after: State, drafts: Sequence[Draft]) -> None:
    """Raises Refusal unless the new texts do the same builds, each alone."""
    if _kinds(before) != _kinds(after):
        raise Refusal('the rewritten file would not be read as before')
    for old, new in zip(before.found, after.found):
        here = [each for each in drafts if any(old is found for found in each.subject.found)]
        parts = {each.subject.name: each.names for each in here}
        _prove_others(here, parts, old, new)
        for each in here:
            _prove_builds(each, parts, old, new, after.files)


def _kinds(state: State) -> list[object]:
    return [(each.root, each.child, each.broken) for each in state.found]


def _prove_builds(draft: Draft, parts: Parts, old: Pipeline, new: Pipeline, files: Files) -> None:
    """The new jobs of one draft do the builds of the old one."""
    claim, setting = draft.claim, draft.setting
    jobs = {**new.jobs, **new.hidden}
    met: list[_Done] = []
    for name, said in claim.parts.items():
        job = jobs.get(name)
        container = job and next(map(with_parts, containers_of(new, [job])), None)
        if job is None or container is None:
            raise Refusal(f'{name} would not be read as a job')
        _prove_same(draft, parts, old, job)
        met += _builds(setting, container, claim)
        _prove_setup(setting, files, new, job, said)
    was = [_spelled(each, claim) for each in traced(setting, draft.subject.container.parts)]
    if Counter(met) != Counter(was):
        raise Refusal(_difference(was, met))


def _builds(setting: Setting, container: Container, claim: Claim) -> list[_Done]:
    """What each instance of a new job builds: one image."""
    met = []
    for cell in claim.cells or (None,):
        parts = (
            container.parts
            if cell is None
            else tuple(_with_cell(part, claim.variable or '', cell) for part in container.parts)
        )
        builds = traced(setting, parts)
        if len(builds) > 1 and most(setting, parts) == 1:
            raise Refusal(f'which build {container.name} would run depends on a condition')
        if len(builds) != 1:
            raise Refusal(f'{container.name} would run {len(builds)} builds')
        met.append(_spelled(builds[0], claim))
    return met


def _difference(was: Sequence[_Done], now: Sequence[_Done]) -> str:
    """What the first build that would be another one would not find."""
    for one, other in zip(was, now):
        found = set(one[2]) ^ set(other[2])
        if found:
            return f'a build would not find ${min(found)[0]} as an earlier one leaves it'
        if one[1] != other[1]:
            return 'a build would not run in the directory that an earlier one leaves'
    return 'the builds would not have the same arguments'


def _with_cell(part: ScriptPart, name: str, cell: str) -> ScriptPart:
    """A script part where the matrix gives its variable one value."""
    if cell not in part.variables[name].values:
        raise Refusal(f'{cell} would not be a value of {name}')
    rest = {key: value for key, value in part.variables.items() if key != name}
    given = commands([f'{name}={shlex.quote(cell)}'])
    return part._replace(commands=(*given, *part.commands), variables=rest)


def _spelled(traced_: Traced, claim: Claim) -> _Done:
    """A build's argv, the directory it runs in, and the shell's variables there."""
    return (
        tuple(word.text for word in traced_.build.argv),
        traced_.directory,
        tuple(
            sorted(
                (name, value.text if value else None)
                for name, value in traced_.variables.items()
                if name != claim.variable and name not in claim.unused
            )
        ),
    )


def _prove_others(drafts: Sequence[Draft], parts: Parts, old: Pipeline, new: Pipeline) -> None:
    """All but the drafts' jobs is what it was; what waited for one waits for its parts."""
    was = plain(old.table)
    now = plain(new.table)
    assert isinstance(was, dict) and isinstance(now, dict)
    for each in drafts:
        was.pop(each.subject.name)
        for template in (was.get(each.claim.lender), now.get(each.claim.lender)):
            if isinstance(template, dict):
                _without(template, each)
    for each in drafts:
        for added in (*each.claim.parts, each.claim.hidden):
            now.pop(added, None)
    changed = [
        key
        for key in {**was, **now}
        if _following(was.get(key), parts) != now.get(key)
        and not (isinstance(was.get(key), list) and was[key] == now.get(key))
    ]
    if changed:
        raise Refusal(f'{min(map(str, changed))} would change with it')


def _following(value: object, parts: Parts) -> object:
    """A job as it must be once it waits for all the parts."""
    if isinstance(value, list):
        return [each for item in value for each in _repeated(item, parts)]
    if not isinstance(value, dict):
        return value
    result = dict(value)
    for keyword in ('needs', 'dependencies'):
        if isinstance(value.get(keyword), list):
            result[keyword] = [each for item in value[keyword] for each in _repeated(item, parts)]
    if isinstance(value.get('rules'), list):
        result['rules'] = [_following(rule, parts) for rule in value['rules']]
    return result


def _repeated(item: object, parts: Parts) -> list[object]:
    if isinstance(item, str) and item in parts:
        return list(parts[item])
    if isinstance(item, list):
        return [[each for inner in item for each in _repeated(inner, parts)]]
    if isinstance(item, dict) and 'pipeline' not in item and 'project' not in item:
        job = item.get('job')
        if isinstance(job, str) and job in parts:
            return [{**item, 'job': part} for part in parts[job]]
    return [item]


def _prove_same(draft: Draft, parts: Parts, old: Pipeline, job: Job) -> None:
    """A new job has all that the old one had, but the script, and its further needs."""
    name = draft.subject.name
    was = _following(plain(old.jobs[name].table), parts)
    now = plain(job.table)
    assert isinstance(was, dict) and isinstance(now, dict)
    further = draft.claim.needs.get(job.name, ())
    if further:
        was['needs'] = [*(was.get('needs') or ()), *further]
    for table in (was, now):
        table.pop('extends', None)
        _without(table, draft)
    if was != now:
        raise Refusal(f'{job.name} would differ from {name} in more than the script')


def _without(table: dict[str, object], draft: Draft) -> None:
    """Leave out what a draft is meant to change."""
    for keyword in ('script', *(['parallel'] if draft.claim.cells else [])):
        table.pop(keyword, None)


def _prove_setup(
    setting: Setting, files: Files, new: Pipeline, job: Job, said: Sequence[str]
) -> None:
    """A new job runs what stood before and after its build in the old one, in order."""
    place = script_of(files, job, new.hidden).place
    before = [command.text for command in job.before_script or ()]
    found = steps(setting, before, place.items, job.script or (), new.table)
    if (
        _flat([each.text for each in found.steps]) != _flat(said)
        or [each.kind for each in found.steps].count(BUILD) != 1
    ):
        raise Refusal(f'{job.name} would not run the same commands')


def _flat(texts: Sequence[str]) -> str:
    return '\n'.join(_INDENT.sub('\n', text).strip() for text in texts if text.strip())
