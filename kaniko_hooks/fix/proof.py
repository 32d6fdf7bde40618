"""The edited texts, resolved and evaluated again, do what the old ones did, apart from sharing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from kaniko_hooks.ci.gitlab.jobs import Job, Pipeline, containers_of
from kaniko_hooks.ci.gitlab.values import plain
from kaniko_hooks.fix import Refusal
from kaniko_hooks.fix.draft import Draft
from kaniko_hooks.fix.parts import Part
from kaniko_hooks.fix.paths import Paths, shown_path
from kaniko_hooks.fix.split import NewJob
from kaniko_hooks.fix.steps import BuildCall, Steps, steps_of
from kaniko_hooks.fix.target import State
from kaniko_hooks.kaniko import destination_words
from kaniko_hooks.model import Container, Field, Setting
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.env import Env
from kaniko_hooks.shell.value import Array, OneOf, Value
from kaniko_hooks.text import Text

Names = Mapping[str, Sequence[str]]  # a job -> the jobs that take its place

# What a part and a template have of a job in parts; the commands are compared on their own.
_DIVIDED = ('before_script', 'extends', 'script')
_NUMBER = r'#\d+'  # that makes the name of a hole another one
_OTHER_ARGUMENTS = 'the builds would not have the same arguments'


def prove(before: State, after: State, drafts: Sequence[Draft]) -> None:
    """Raises Refusal unless the new texts do the same builds, each alone."""
    if _kinds(before) != _kinds(after):
        raise Refusal('the rewritten file would not be read as before')
    for old, new in zip(before.pipelines, after.pipelines):
        here = [draft for draft in drafts if any(old is own for own in draft.target.pipelines)]
        _prove_keywords(here, old, new)
        for draft in here:
            # The parts are the same in all pipelines.
            for planned in draft.jobs if old is draft.target.pipelines[0] else ():
                job = new.jobs[planned.name]
                _prove_builds(draft, planned.part, after, job, next(containers_of(new, [job])))


def _kinds(state: State) -> list[object]:
    return [(pipeline.root, pipeline.child, bool(pipeline.problem)) for pipeline in state.pipelines]


# Keywords


def _prove_keywords(drafts: Sequence[Draft], old: Pipeline, new: Pipeline) -> None:
    """All jobs are what they were, but for scripts that are divided.

    What waited for a job waits for its parts.
    """
    names = {draft.target.name: draft.names for draft in drafts}
    was, now = plain(old.table), plain(new.table)
    assert isinstance(was, dict) and isinstance(now, dict)
    was.update((key, _following(value, names)) for key, value in [*was.items()])
    jobs = [was.pop(draft.target.name) for draft in drafts]
    for draft, job in zip(drafts, jobs):
        now.pop(draft.template, None)
        for planned in draft.jobs:
            was[planned.name] = {**job, **_added(job, planned)}
        for name in (*draft.names, draft.script_template):
            for table in (was.get(name, {}), now.get(name, {})):
                for keyword in _DIVIDED if name in draft.names else (*_DIVIDED, 'parallel'):
                    table.pop(keyword, None)
    for key in {**was, **now}:
        if was.get(key) != now.get(key):
            raise Refusal(f'{key} would change in more than its script and `needs`')


def _added(job: Mapping[str, object], planned: NewJob) -> dict[str, object]:
    """The keywords that a part has besides those of its job."""
    result: dict[str, object] = {}
    loop = planned.part.unit.loop
    if loop is not None:
        result['parallel'] = {'matrix': [{loop.command.name: [*loop.words]}]}
    if planned.earlier:
        sources = [
            {'job': source.name, 'optional': True} if source.optional else source.name
            for source in planned.sources
        ]
        own = job.get('needs')
        result['needs'] = [*(own if isinstance(own, list) else sources), *planned.earlier]
    return result


def _following(value: object, names: Names) -> object:
    """A job as it must be once it waits for all the parts."""
    if not isinstance(value, dict):
        return value
    result = dict(value)
    for keyword in ('needs', 'dependencies'):
        if isinstance(value.get(keyword), list):
            result[keyword] = [name for item in value[keyword] for name in _repeated(item, names)]
    if isinstance(value.get('rules'), list):
        result['rules'] = [_following(rule, names) for rule in value['rules']]
    return result


def _repeated(item: object, names: Names) -> list[object]:
    if isinstance(item, str) and item in names:
        return list(names[item])
    if isinstance(item, list):
        return [[result for inner in item for result in _repeated(inner, names)]]
    if isinstance(item, dict) and 'pipeline' not in item and 'project' not in item:
        job = item.get('job')
        if isinstance(job, str) and job in names:
            return [{**item, 'job': name} for name in names[job]]
    return [item]


# Builds


class _Build(NamedTuple):
    """A build, with the arguments of others that it stands for as well."""

    call: BuildCall
    arguments: tuple[tuple[str, ...], ...]


def _build(call: BuildCall, further: Sequence[Field] = ()) -> _Build:
    return _Build(call, tuple(_named(field.text) for field in (*call.argv, *further)))


def _prove_builds(draft: Draft, part: Part, state: State, job: Job, container: Container) -> None:
    """A new job runs the builds of its part, after the same set-up."""
    new = []
    for instance in _instances(part, container):
        own = steps_of(state.evaluations, job, instance)
        every = (*own.before, *own.main, *own.after)
        if [step.most_builds for step in every if step.most_builds] != [1]:
            raise Refusal(f'{job.name} would not run one build')
        new += [_build(call) for step in every for call in step.builds]
        _prove_commands(draft, part, job, own)
    old = []
    for number, call in enumerate(part.unit.builds):
        others = [step.builds[number] for step in part.unit.others]
        further = [field for other in others for field in destination_words(other.argv)]
        old.append(_build(call, further))
    names = {*_compared_variables(draft, part)}
    differences = [[_difference(draft.paths, names, was, now) for now in new] for was in old]
    for row in (*differences, *zip(*differences)):
        if None not in row:
            raise Refusal(next((why for why in row if why != _OTHER_ARGUMENTS), _OTHER_ARGUMENTS))


def _instances(part: Part, container: Container) -> Iterator[Container]:
    """A container for each word of a part's loop, else the container itself."""
    loop = part.unit.loop
    if loop is None:
        yield container
        return
    for word in loop.words:
        value = {loop.command.name: Setting((Text(word),))}
        scripts = (
            script._replace(variables={**script.variables, **value}) for script in container.scripts
        )
        yield container._replace(scripts=tuple(scripts))


def _compared_variables(draft: Draft, part: Part) -> Iterator[str]:
    """The variables that steps set: those of the environment, and those that no other part sets."""
    others = {
        name
        for step in draft.steps.main
        if step not in part.steps or part.unit.loop and step is part.unit.step
        for name in step.report.writes
    }
    for step in (*draft.steps.before, *draft.steps.main):
        for name in step.report.writes:
            if name not in others or draft.steps.is_environment(name):
                yield name


def _difference(paths: Paths, names: Collection[str], old: _Build, new: _Build) -> str | None:
    """The first thing that a build would not find as before, None if there is none.

    It is one of the variables, or of the files that the new build finds or that the old one had
    in its context.
    """
    if old.arguments != new.arguments:
        return _OTHER_ARGUMENTS
    was, now = old.call.env, new.call.env
    if {*map(_named, was.directories)} != {*map(_named, now.directories)}:
        return 'a build would not run in the directory that an earlier one leaves'
    values, values_now = _values(was), _values(now)
    needed = {
        *(f'${name}' for name in names),
        *map(_same_key, now.files),
        *map(_same_key, paths.in_context(old.call, was.files)),
        *map(_same_key, paths.dockerfiles(old.call)),
    }
    for name in sorted(needed):
        if values.get(name) != values_now.get(name):
            return f'a build would not find {shown_path(name)} as an earlier one leaves it'
    return None


def _values(env: Env) -> dict[str, object]:
    """The variables and files of an environment, by their names."""
    variables = {f'${name}': _of_value(value) for name, value in env.variables.items()}
    files = {_same_key(path): {*map(_named, texts)} for path, texts in env.files.items()}
    return {**variables, **files}


def _named(text: Text) -> tuple[str, ...]:
    return _without_numbers(text.key())


def _same_key(path: str) -> str:
    return '\0'.join(_without_numbers(path.split('\0')))


def _without_numbers(key: Sequence[str]) -> tuple[str, ...]:
    """Characters and names of holes, in turn, that are the same in each evaluation."""
    return tuple(
        re.sub(_NUMBER, '', piece) if number % 2 else piece for number, piece in enumerate(key)
    )


def _of_value(value: Value | None) -> object:
    if isinstance(value, OneOf):
        return frozenset(map(_of_value, value.values))
    if isinstance(value, Array):
        return tuple(_named(item.text) for item in value.items)
    return _named(value) if isinstance(value, Text) else value


def _prove_commands(draft: Draft, part: Part, job: Job, steps: Steps) -> None:
    """A new job runs the same commands before and after its build, in order."""
    unit, source = part.unit, draft.steps.source.source.value
    expected = [step.text for step in draft.steps.before]
    for step in part.steps:
        for inner in unit.loop.body if unit.loop and step is unit.step else (step,):
            text = inner.text
            for start, end in part.cuts:
                if inner.first <= start < inner.end:
                    text = text[: start - inner.first] + text[end - inner.first :]
            for other in unit.others if inner is unit.main else ():
                for field in destination_words(other.builds[0].argv):
                    text += f' {source[field.start : field.end]}'
            expected.append(text)
    if _lines(expected) != _lines([step.text for step in (*steps.before, *steps.main)]):
        raise Refusal(f'{job.name} would not run the same commands')


def _lines(texts: Sequence[str]) -> list[str]:
    """The lines and the commands of `&&` lists, however they are indented."""
    lines = re.split(r'&&|\n', re.sub(r'\s*\\\n\s*', ' ', '\n'.join(texts)))
    return [line.strip() for line in lines if line.strip()]
