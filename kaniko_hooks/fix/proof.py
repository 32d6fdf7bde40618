"""The edited texts, resolved again, do what the old ones did, apart from the sharing."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple
from typing import Union

from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.job_container import container_of
from kaniko_hooks.ci.gitlab.jobs import Job
from kaniko_hooks.ci.gitlab.repository import Found
from kaniko_hooks.ci.gitlab.repository import pipelines
from kaniko_hooks.ci.gitlab.values import plain
from kaniko_hooks.document.nodes import Mapping as MappingNode
from kaniko_hooks.document.nodes import Scalar
from kaniko_hooks.fix.layout import layout
from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.steps import BUILD
from kaniko_hooks.fix.steps import steps
from kaniko_hooks.fix.subject import Subject
from kaniko_hooks.fix.trial import Setting
from kaniko_hooks.fix.trial import traced
from kaniko_hooks.model import Container
from kaniko_hooks.project import Repository
from kaniko_hooks.shell.machine import Traced

_INDENT = re.compile(r'\n[ \t]*')


# argv, directory, variables
_Done = tuple[tuple[str, ...], Union[str, None], tuple[tuple[str, Union[str, None]], ...]]


class Claim(NamedTuple):
    """What an edit is meant to come to.

    - `parts`: each new job with the texts of its steps, in order.
    - `hidden`: the template, if there is one; `added`: keywords of the parts
      that the job did not have.
    - `cells`: the values of the matrix variable, which make one job run often.
    """

    parts: Mapping[str, Sequence[str]]
    hidden: str | None
    added: Collection[str]
    variable: str | None = None
    cells: tuple[str, ...] = ()


def prove(
        subject: Subject, before: Sequence[Found], edited: Repository, named: Sequence[str],
        configs: Sequence[str], claim: Claim, setting: Setting,
) -> None:
    """Raises Refusal unless the edited repository does the same builds, each alone."""
    files = Files(edited)
    after = pipelines(files, named, configs).found
    if [(each.root, each.child, each.broken) for each in after] != \
            [(each.root, each.child, each.broken) for each in before]:
        raise Refusal('the rewritten file would not be read as before')
    expected = Counter(
        _spelled(each, claim) for each in traced(setting, subject.container.parts)
    )
    for old, new in zip(before, after):
        names = {*old.pipeline.jobs, *old.pipeline.hidden}
        if old in subject.found and subject.name in names:
            _prove_split(subject, old, new, claim, setting, expected, files)
        elif plain(old.pipeline.table) != plain(new.pipeline.table):
            raise Refusal('another pipeline would change')


def _prove_split(
        subject: Subject, old: Found, new: Found, claim: Claim, setting: Setting,
        expected: Counter[_Done], files: Files,
) -> None:
    jobs = {**new.pipeline.jobs, **new.pipeline.hidden}
    _prove_others(subject.name, old, new, claim)
    met: Counter[_Done] = Counter()
    for name, said in claim.parts.items():
        job = jobs.get(name)
        container = job and container_of(new.pipeline, job, new.visible, new.handed)
        if job is None or container is None:
            raise Refusal(f'{name} would not be read as a job')
        _prove_same(subject, old, job, claim)
        met += _builds(setting, container, claim)
        _prove_setup(setting, files, new, job, said)
    if met != expected:
        raise Refusal('the builds would not be the same')


def _builds(setting: Setting, container: Container, claim: Claim) -> Counter[_Done]:
    """What each instance of a new job builds: one image."""
    met: Counter[_Done] = Counter()
    for cell in claim.cells or (None,):
        parts = container.parts
        if cell is not None and claim.variable is not None:
            value = parts[0].variables[claim.variable]._replace(values=(cell,))
            parts = tuple(
                part._replace(variables={**part.variables, claim.variable: value})
                for part in parts
            )
        builds = traced(setting, parts)
        if len(builds) != 1:
            raise Refusal(f'{container.name} would run {len(builds)} builds')
        met[_spelled(builds[0], claim)] += 1
    return met


def _spelled(traced_: Traced, claim: Claim) -> _Done:
    """A build's argv, the directory it runs in, and the shell's variables there."""
    return (
        tuple(word.text for word in traced_.build.argv), traced_.directory,
        tuple(sorted(
            (name, value.text if value else None) for name, value in traced_.variables.items()
            if name != claim.variable
        )),
    )


def _prove_others(name: str, old: Found, new: Found, claim: Claim) -> None:
    was = plain(old.pipeline.table)
    now = plain(new.pipeline.table)
    assert isinstance(was, dict) and isinstance(now, dict)
    was.pop(name)
    for added in (*claim.parts, *([claim.hidden] if claim.hidden else [])):
        now.pop(added, None)
    names = list(claim.parts)
    changed = [
        key for key in {**was, **now}
        if _following(was.get(key), name, names) != now.get(key) and
        not (isinstance(was.get(key), list) and was[key] == now.get(key))
    ]
    if changed:
        raise Refusal(f'{min(map(str, changed))} would change with it')


def _following(value: object, name: str, parts: Sequence[str]) -> object:
    """A job as it must be once it waits for all the parts."""
    if isinstance(value, list):
        return [each for item in value for each in _repeated(item, name, parts)]
    if not isinstance(value, dict):
        return value
    result = dict(value)
    for keyword in ('needs', 'dependencies'):
        if isinstance(value.get(keyword), list):
            result[keyword] = [
                each for item in value[keyword] for each in _repeated(item, name, parts)
            ]
    if isinstance(value.get('rules'), list):
        result['rules'] = [_following(rule, name, parts) for rule in value['rules']]
    return result


def _repeated(item: object, name: str, parts: Sequence[str]) -> list[object]:
    if item == name:
        return list(parts)
    if isinstance(item, list):
        return [[each for inner in item for each in _repeated(inner, name, parts)]]
    if isinstance(item, dict) and item.get('job') == name and \
            'pipeline' not in item and 'project' not in item:
        return [{**item, 'job': part} for part in parts]
    return [item]


def _prove_same(subject: Subject, old: Found, job: Job, claim: Claim) -> None:
    """A new job has all that the old one had, but the script."""
    known = {**old.pipeline.jobs, **old.pipeline.hidden}[subject.name]
    was, now = plain(known.table), plain(job.table)
    assert isinstance(was, dict) and isinstance(now, dict)
    for keyword in ('script', 'extends', *claim.added):
        was.pop(keyword, None)
        now.pop(keyword, None)
    if was != now:
        raise Refusal(f'{job.name} would differ from {subject.name} in more than the script')


def _prove_setup(
        setting: Setting, files: Files, new: Found, job: Job, said: Sequence[str],
) -> None:
    """A new job runs what stood before and after its build in the old one, in order."""
    definition = job.definitions[-1]
    text = files.text(definition.file)
    key, body = definition.key, definition.value
    assert isinstance(key, Scalar) and isinstance(body, MappingNode)  # what a job is made of
    place = layout(text, key, body)
    before = [command.text for command in job.before_script or ()]
    found = steps(setting, before, place.items, job.script or (), new.pipeline.table)
    if _flat([each.text for each in found.steps]) != _flat(said) or \
            [each.kind for each in found.steps].count(BUILD) != 1:
        raise Refusal(f'{job.name} would not run the same commands')


def _flat(texts: Sequence[str]) -> str:
    return '\n'.join(_INDENT.sub('\n', text).strip() for text in texts if text.strip())
