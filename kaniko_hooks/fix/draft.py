"""One finding -> the edits that would fix it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kaniko_hooks.document.nodes import node_at
from kaniko_hooks.fix import Refusal, Shared
from kaniko_hooks.fix.edits import Edit, apply
from kaniko_hooks.fix.layout import Layout, layout_of
from kaniko_hooks.fix.names import part_names, template_name
from kaniko_hooks.fix.order import chain_risks, needed, sources_of
from kaniko_hooks.fix.owners import Owners
from kaniko_hooks.fix.parts import TOO_LONG, Part, parts_of, shared_steps
from kaniko_hooks.fix.paths import Paths
from kaniko_hooks.fix.references import Mentions, check_mentions, followers_of, with_block_lists
from kaniko_hooks.fix.split import NewJob, Writer, job_edits
from kaniko_hooks.fix.steps import Steps, scripts_of, steps_of
from kaniko_hooks.fix.target import State, Target, refuse_keywords, risky_keywords, target_of
from kaniko_hooks.fix.units import MAX_NAME, Unit, merged, units_of
from kaniko_hooks.model import Container, Finding
from kaniko_hooks.named_tuple import NamedTuple

_MAX_STEPS = 1_000  # of a script


class Draft(NamedTuple):
    """The edits that would fix one job.

    - `risks`: what needs --unsafe.
    - `script_template`: the template that has the script, if the job itself has none.
    - `jobs`: those that take its place; `template`: the name of what they extend.
    """

    target: Target
    steps: Steps
    paths: Paths
    risks: tuple[str, ...] = ()
    script_template: str | None = None
    edits: Mapping[str, list[Edit]] = {}
    jobs: tuple[NewJob, ...] = ()
    template: str | None = None

    @property
    def names(self) -> list[str]:
        return [job.name for job in self.jobs]

    @property
    def does(self) -> str:
        """The rewrite in words."""
        name, unit = self.target.name, self.jobs[0].part.unit
        if len(self.jobs) > 1:
            jobs = ', '.join(f'`{job.name}`' for job in self.jobs)
            return f'split `{name}` into {len(self.jobs)} jobs: {jobs}'
        if unit.loop is not None:
            return f'split `{name}` with `parallel: matrix` over `{unit.loop.command.name}`'
        return f'put {len(unit.others) + 1} builds of `{name}` into 1 with several destinations'


def drafts_of(
    state: State, mentions: Mapping[str, Mentions], new: dict[str, set[str]], finding: Finding
) -> list[Draft]:
    """The edits for a finding's jobs, not yet proven: all of them or none. Raises Refusal.

    - `mentions`: the mentions of each job, by its name.
    - `new`: the names of drafts by the files of their pipelines, to which theirs are added.
    """
    jobs = {(job.place.file, job.name): job for job in reversed(finding.containers)}
    drafts: list[Draft] = []
    for job in reversed(jobs.values()):
        try:
            draft = _draft(state, mentions, new, job)
        except Refusal as reason:
            others = {other.name for other in jobs.values()} - {job.name}
            if not others:
                raise
            if not isinstance(reason, Shared):
                raise Refusal(f'{job.name}: {reason}') from None
            more = f' and {len(others) - 1} more' if len(others) > 1 else ''
            raise Refusal(f'its commands are shared with {min(others)}{more}') from None
        drafts.append(draft)
        for path in draft.target.files:
            new.setdefault(path, set()).update((*draft.names, draft.template or ''))
    for draft in drafts:
        if draft.risks and not state.options.unsafe:
            name = f'{draft.target.name}: ' if len(drafts) > 1 else ''
            raise Refusal(f'{name}{draft.risks[0]}; only with --unsafe')
    return drafts


def _draft(
    state: State,
    mentions: Mapping[str, Mentions],
    new: Mapping[str, set[str]],
    container: Container,
) -> Draft:
    target = target_of(state, container)
    steps = steps_of(state.evaluations, target.job, target.container)
    if len(steps.main) > _MAX_STEPS:
        raise Refusal(TOO_LONG)
    paths = Paths(steps.script, state.repository, _may_come(state, target))
    draft = Draft(target, steps, paths)
    units = merged(units_of(target, steps, paths), steps, paths)
    if len(units) == 1 and units[0].others:
        return _in_place(draft, layout_of(state, target), units[0])
    refuse_keywords(target, _scripts(state, steps))
    owners = Owners(steps, units, paths)
    parts = parts_of(owners)
    order = needed(owners, parts)
    sources = sources_of(state, target, order)
    risks = (
        *risky_keywords(state, target, owners.files(), owners.owned()),
        *owners.risks,
        *(risk for unit in units if unit.loop for risk in unit.loop.risks),
        *chain_risks(target, order),
    )
    draft = draft._replace(risks=risks)
    place = layout_of(state, target)
    check_mentions(state, target, mentions[target.name])
    if len(units) == 1:
        return _in_place(draft, place, units[0])
    occupied = set[str]().union(
        *(pipeline.table.entries for pipeline in target.pipelines),
        *(new.get(file, ()) for file in target.files),
    )
    names = part_names(target.name, units, occupied)
    template = template_name(target.name, occupied)
    if max(map(len, (template, *names))) > MAX_NAME:
        raise Refusal('the names of the new jobs would be too long')
    jobs = tuple(
        NewJob(name, part, sources, tuple(names[number] for number in earlier))
        for name, part, earlier in zip(names, parts, order)
    )
    count = shared_steps(steps, parts) if _takes_before_script(target, place) else 0
    shared = steps.main[:count]
    extended = template if shared or place.template or len(place.body.pairs) > 1 else None
    writer = Writer(target.text, place, target.job, steps)
    edits = {target.file: job_edits(writer, jobs, extended, shared)}
    for path, own in followers_of(state, target, mentions[target.name], names):
        edits[path] = [*edits.get(path, ()), *own]
    return draft._replace(script_template=place.template, edits=edits, jobs=jobs, template=extended)


def _in_place(draft: Draft, place: Layout, unit: Unit) -> Draft:
    """The job of a single unit keeps its name, and all but its script."""
    target, steps = draft.target, draft.steps
    part = Part(unit, tuple(step for step in steps.main if step not in unit.others))
    jobs = (NewJob(target.name, part),)
    writer = Writer(target.text, place, target.job, steps)
    edits = {target.file: job_edits(writer, jobs, None, ())}
    return draft._replace(script_template=place.template, edits=edits, jobs=jobs)


def _may_come(state: State, target: Target) -> bool:
    """Files that the repository lacks may come from other jobs or from submodules."""
    sources = (job.name for pipeline in target.pipelines for job in state.sources(pipeline))
    has_sources = any(name != target.name for name in sources)
    return has_sources or 'GIT_SUBMODULE_STRATEGY' in target.job.variables


def _scripts(state: State, steps: Steps) -> Iterator[str]:
    """The texts of the scripts of the repository that the job runs, and the variables they read."""
    all_steps = (*steps.before, *steps.main, *steps.after)
    for step in all_steps:
        yield from step.report.reads
    for file in sorted({file for step in all_steps for file in scripts_of(step)}):
        yield state.repository.known_text(file)


def _takes_before_script(target: Target, place: Layout) -> bool:
    """The template may have a `before_script`, since the job surely has none."""
    return place.template is None and not any(
        'before_script' in pipeline.jobs[target.name].entries
        or pipeline.notes
        or node_at(place.body, 'before_script') is not None
        for pipeline in target.pipelines
    )


def rewritten(state: State, drafts: Iterable[Draft]) -> State:
    """The state with the edits of all drafts made. Raises Refusal where they overlap."""
    edits: dict[str, list[Edit]] = {}
    names: set[str] = set()
    for draft in drafts:
        names.update(draft.names)
        for path, own in draft.edits.items():
            edits.setdefault(path, []).extend(own)
    return state.with_texts(
        {
            path: with_block_lists(apply(state.repository.known_text(path), own), names)
            for path, own in edits.items()
        }
    )
