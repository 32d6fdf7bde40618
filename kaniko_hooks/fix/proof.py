"""The edited texts, resolved and evaluated again, do what the old ones did, apart from sharing."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

from kaniko_hooks.ci.gitlab.jobs import Job, Pipeline, containers_of
from kaniko_hooks.ci.gitlab.values import plain
from kaniko_hooks.fix import Refusal
from kaniko_hooks.fix.draft import Draft
from kaniko_hooks.fix.parts import Part
from kaniko_hooks.fix.paths import Paths, shown_path, value_in
from kaniko_hooks.fix.split import NewJob
from kaniko_hooks.fix.steps import BuildCall, Step, Steps, steps_of
from kaniko_hooks.fix.target import State
from kaniko_hooks.kaniko import destination_words
from kaniko_hooks.model import Container, Field, Setting
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.value import Array, OneOf, Value
from kaniko_hooks.text import Text

Names = Mapping[str, Sequence[str]]  # a job -> the jobs that take its place

_NUMBER = r'#\d+'  # that makes the name of a hole another one


def prove(before: State, after: State, drafts: Sequence[Draft]) -> None:
    """Raises Refusal unless the new texts do the same builds, each alone."""
    if _kinds(before) != _kinds(after):
        raise Refusal('the rewritten file would not be read as before')
    for old, new in zip(before.pipelines, after.pipelines):
        here = [draft for draft in drafts if any(old is own for own in draft.target.pipelines)]
        names = {draft.target.name: draft.names for draft in here}
        _prove_others(here, names, old, new)
        for draft in here:
            for planned in draft.jobs:
                job = new.jobs.get(planned.name)
                container = next(containers_of(new, [job]), None) if job else None
                if job is None or container is None:
                    raise Refusal(f'{planned.name} would not be read as a job')
                _prove_keywords(draft, planned, names, old, job)
                # The parts are the same in all pipelines.
                if old is draft.target.pipelines[0]:
                    _prove_builds(draft, planned.part, after, job, container)


def _kinds(state: State) -> list[object]:
    return [(pipeline.root, pipeline.child, pipeline.broken) for pipeline in state.pipelines]


# Builds


def _prove_builds(draft: Draft, part: Part, state: State, job: Job, container: Container) -> None:
    describe = partial(
        _description, draft.paths, _compared_variables(draft, part), _compared_files(draft, part)
    )
    new = []
    for instance in _instances(part, container):
        steps = steps_of(state.evaluations, job, instance)
        every = (*steps.before, *steps.main, *steps.after)
        counts = [step.most_builds for step in every if step.most_builds]
        if counts != [1]:
            raise Refusal(f'{job.name} would not run one build')
        new += [
            describe(build, _word(part, steps, build)) for step in every for build in step.builds
        ]
        _prove_commands(draft, part, job, steps)
    old = []
    for number, build in enumerate(part.unit.builds):
        others = [step.builds[number] for step in part.unit.others]
        further = [field for other in others for field in destination_words(other.argv)]
        old.append(describe(build, _word(part, draft.steps, build), further))
    for first, second in (old, new), (new, old):
        for description in first:
            if description not in second:
                raise Refusal(_difference(description, second))


def _word(part: Part, steps: Steps, build: BuildCall) -> object:
    """The value that the variable of a part's loop has at a build."""
    if part.unit.loop is None:
        return None
    name = part.unit.loop.command.name
    return value_in(build.env, name) or build.variable(name, steps.script.variables)


def _instances(part: Part, container: Container) -> Iterator[Container]:
    """A container for each word of a part's loop, else the container itself."""
    loop = part.unit.loop
    if loop is None:
        yield container
        return
    name = loop.command.name
    for word in loop.words:
        scripts = []
        for script in container.scripts:
            if Text(word) not in script.variables[name].values:
                raise Refusal(f'{word} would not be a value of {name}')
            settings = {**script.variables, name: Setting((Text(word),))}
            scripts.append(script._replace(variables=settings))
        yield container._replace(scripts=tuple(scripts))


def _compared_variables(draft: Draft, part: Part) -> set[str]:
    """The variables that steps set, but for the loop's and those that steps of other parts set.

    All others begin with one of the values that the CI system may give them, and keep it.
    """
    loop, every = part.unit.loop, draft.steps
    steps = (*every.before, *every.main)
    ignored = {
        name
        for step in every.main
        if step not in part.steps or loop and step is part.unit.step
        for name in step.report.writes
        if not every.is_environment(name)
    }
    names = {name for step in steps for name in step.report.writes} - ignored
    return names - {loop.command.name} if loop else names


def _compared_files(draft: Draft, part: Part) -> dict[str, Collection[object] | None]:
    """The files that steps of a part write before its build.

    With the words of those iterations of a loop that write one; None if all do.
    """
    unit, loop = part.unit, part.unit.loop
    words = draft.paths.changes(unit.step, loop.command.name) if loop else {}
    steps = (*draft.steps.before, *part.steps)
    files = (
        path for step in steps if step.number <= unit.step.number for path in step.report.files
    )
    # The target of a copy may be a folder.
    return {
        _same_key(path): words.get(path) or words.get(posixpath.dirname(path)) for path in files
    }


class _Description(NamedTuple):
    """A build for comparisons."""

    arguments: tuple[tuple[str, ...], ...]
    directory: object
    variables: Mapping[str, object]
    files: Mapping[str, object]


def _description(
    paths: Paths,
    names: Collection[str],
    files: Mapping[str, Collection[object] | None],
    build: BuildCall,
    word: object,
    further: Sequence[Field] = (),
) -> _Description:
    """A build with these variables and files, those in its context, and further arguments.

    The files are those of the iteration for the word.
    """
    relevant = {path for path, words in files.items() if words is None or word in words}
    relevant.update(map(_same_key, paths.in_context(build, build.env.files)))
    return _Description(
        tuple(_named(field.text) for field in (*build.argv, *further)),
        frozenset(map(_named, build.env.directories)),
        {name: _of_value(value) for name, value in build.env.variables.items() if name in names},
        {
            _same_key(path): frozenset(map(_named, texts))
            for path, texts in build.env.files.items()
            if _same_key(path) in relevant
        },
    )


def _named(text: Text) -> tuple[str, ...]:
    return _without_numbers(text.key())


def _same_key(path: str) -> str:
    return '\0'.join(_without_numbers(path.split('\0')))


def _without_numbers(key: Sequence[str]) -> tuple[str, ...]:
    """Characters and names of holes, in turn, that are the same in each evaluation."""
    return tuple(
        re.sub(_NUMBER, '', piece) if number % 2 else piece for number, piece in enumerate(key)
    )


def _of_value(value: Value) -> object:
    if isinstance(value, OneOf):
        return frozenset(map(_of_value, value.values))
    if isinstance(value, Array):
        return tuple(_named(item.text) for item in value.items)
    return _named(value) if isinstance(value, Text) else None


def _difference(description: _Description, others: Sequence[_Description]) -> str:
    """The first difference between a build and those with the same arguments."""
    arguments, directory, variables, files = description
    same = [other for other in others if other.arguments == arguments]
    if not same:
        return 'the builds would not have the same arguments'
    other = next((other for other in same if other.directory == directory), None)
    if other is None:
        return 'a build would not run in the directory that an earlier one leaves'
    # A variable that is unset is not one that the script leaves alone.
    changed = sorted(f'${name}' for name, _ in variables.items() ^ other.variables.items())
    changed += sorted(shown_path(path) for path, _ in files.items() ^ other.files.items())
    return f'a build would not find {changed[0]} as an earlier one leaves it'


def _prove_commands(draft: Draft, part: Part, job: Job, steps: Steps) -> None:
    """A new job runs the same commands before and after its build, in order."""
    unit, source = part.unit, draft.steps.source.source.value
    expected = [_lines(step.text) for step in draft.steps.before]
    for step in part.steps:
        for inner in unit.loop.body if unit.loop and step is unit.step else (step,):
            text = _without(inner, part)
            for other in unit.others if inner is unit.main else ():
                for field in destination_words(other.builds[0].argv):
                    text += f' {source[field.start : field.end]}'
            expected.append(_lines(text))
    actual = [_lines(step.text) for step in (*steps.before, *steps.main)]
    if sum(expected, []) != sum(actual, []):
        raise Refusal(f'{job.name} would not run the same commands')


def _without(step: Step, part: Part) -> str:
    text = step.text
    for start, end in part.cuts:
        if step.first <= start < step.end:
            text = text[: start - step.first] + text[end - step.first :]
    return text


def _lines(text: str) -> list[str]:
    """The lines and the commands of `&&` lists, however they are indented."""
    lines = re.split(r'&&|\n', re.sub(r'\s*\\\n\s*', ' ', text))
    return [line.strip() for line in lines if line.strip()]


# Everything else


def _prove_others(drafts: Sequence[Draft], names: Names, old: Pipeline, new: Pipeline) -> None:
    """All but the drafts' jobs is what it was; what waited for one waits for its parts."""
    was, now = plain(old.table), plain(new.table)
    assert isinstance(was, dict) and isinstance(now, dict)
    for draft in drafts:
        was.pop(draft.target.name)
        for template in (was.get(draft.script_template), now.get(draft.script_template)):
            if isinstance(template, dict):
                template.pop('script', None)
                if len(draft.jobs) == 1 and draft.jobs[0].part.unit.loop is not None:
                    template.pop('parallel', None)
    for draft in drafts:
        for name in draft.new_names:
            now.pop(name, None)
    for key in {**was, **now}:
        value = _following(was.get(key), names)
        if value != now.get(key):
            raise Refusal(f'{key} would change with it')


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


def _prove_keywords(draft: Draft, planned: NewJob, names: Names, old: Pipeline, job: Job) -> None:
    """A new job has all that the old one had, but the commands, and its further needs."""
    was = _following(plain(old.jobs[draft.target.name].table), names)
    now = plain(job.table)
    assert isinstance(was, dict) and isinstance(now, dict)
    if planned.earlier:
        own = was.get('needs')
        sources = [source.name for source in planned.sources] if own is None else own
        was['needs'] = [*sources, *planned.earlier]
        now['needs'] = [
            item['job'] if isinstance(item, dict) and own is None else item for item in now['needs']
        ]
    for table in (was, now):
        table.pop('extends', None)
        table.pop('script', None)
        if (
            draft.template is not None
            and 'before_script' not in old.jobs[draft.target.name].table.entries
        ):
            table.pop('before_script', None)
        if any(planned.part.unit.loop for planned in draft.jobs):
            table.pop('parallel', None)
    if was != now:
        raise Refusal(f'{job.name} would differ from {draft.target.name} in more than the script')
