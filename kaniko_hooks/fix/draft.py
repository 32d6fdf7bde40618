"""One finding -> the edits that would fix it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from kaniko_hooks.analysis import ScriptFiles
from kaniko_hooks.ci.gitlab.values import InvalidPipeline
from kaniko_hooks.document.nodes import ScalarNode, get as node_at
from kaniko_hooks.fix.chain import chain_of, needs_lines
from kaniko_hooks.fix.edits import Edit, apply, like
from kaniko_hooks.fix.layout import Layout
from kaniko_hooks.fix.lender import Script, own_place, script_of
from kaniko_hooks.fix.matrix import LONGEST, Loop, TextOf, matrix_lines, matrix_loop
from kaniko_hooks.fix.merge import merged
from kaniko_hooks.fix.names import part_names, template_name
from kaniko_hooks.fix.order import needed
from kaniko_hooks.fix.parts import Division, Part, Unit, divided, units_of
from kaniko_hooks.fix.paths import Paths
from kaniko_hooks.fix.references import block_list_edits
from kaniko_hooks.fix.refusal import Refusal, Shared
from kaniko_hooks.fix.split import NewJob, Writer, split_edits
from kaniko_hooks.fix.state import Mentions, State
from kaniko_hooks.fix.steps import Step, Steps, scripts_of, steps_of
from kaniko_hooks.fix.target import (
    Target,
    first_anchor,
    refuse_keywords,
    risky_keywords,
    services_of,
    target_of,
)
from kaniko_hooks.fix.users import extenders_of, followers_of
from kaniko_hooks.model import Container, Finding
from kaniko_hooks.named_tuple import NamedTuple

MAX_PARTS = 200
MAX_STEPS = 2_000  # of all parts


class Draft(NamedTuple):
    """The edits that would fix one job.

    - `followers`: those of `edits` that are about jobs that wait for it.
    - `names`: of the jobs that take its place; `template`: of what they extend.
    - `parts`: the part of each new job; `needs`: its earlier parts.
    - `lender`: the template that has the script, if the job itself has none.
    - `does`: the rewrite in words; `risks`: what needs --unsafe.
    """

    target: Target
    steps: Steps
    edits: Mapping[str, list[Edit]]
    followers: Mapping[str, list[Edit]]
    names: tuple[str, ...]
    template: str | None
    parts: tuple[Part, ...]
    needs: Mapping[str, Sequence[str]]
    lender: str | None
    does: str
    risks: tuple[str, ...]

    @property
    def new_names(self) -> set[str]:
        return {*self.names, *([self.template] if self.template else [])}


# Names of new jobs, by the files of the pipelines that they are in.
NewNames = Mapping[str, set[str]]


def drafts_of(
    state: State, mentions: Mapping[str, Mentions], new: NewNames, finding: Finding
) -> list[Draft]:
    """The edits for a finding's jobs, not yet proven: all of them or none. Raises Refusal.

    - `mentions`: the mentions of each job, by its name.
    - `new`: the names of earlier drafts.
    """
    jobs = {(job.place.file, job.name): job for job in reversed(finding.containers)}
    drafts: list[Draft] = []
    for job in reversed(jobs.values()):
        try:
            drafts.append(_draft(state, mentions, new, drafts, job))
        except Refusal as reason:
            others = {other.name for other in jobs.values()} - {job.name}
            if not others:
                raise
            if not isinstance(reason, Shared):
                raise Refusal(f'{job.name}: {reason}') from None
            more = f' and {len(others) - 1} more' if len(others) > 1 else ''
            raise Refusal(f'its commands are shared with {min(others)}{more}') from None
    for draft in drafts:
        if draft.risks and not state.request.options.unsafe:
            name = f'{draft.target.name}: ' if len(drafts) > 1 else ''
            raise Refusal(f'{name}{draft.risks[0]}; only with --unsafe')
    return drafts


def _draft(
    state: State,
    mentions: Mapping[str, Mentions],
    new: NewNames,
    before: Sequence[Draft],
    container: Container,
) -> Draft:
    target = target_of(state, container)
    occupied = (
        *(pipeline.table.entries for pipeline in target.pipelines),
        *(new.get(file, ()) for file in target.files),
        *(draft.new_names for draft in before),
    )
    steps = steps_of(state, target.job, target.container)
    paths = Paths(steps.script)
    text_of = ScriptFiles(state.repository).text
    units = _units(target, steps, paths, text_of)
    if len(units) == 1 and units[0].others:
        return _merged_draft(state, target, steps, units[0])
    refuse_keywords(target, _scripts(state, steps))
    division = divided(steps, units, paths)
    order = needed(steps, units, division, paths, text_of, lambda: _may_come(state, target))
    chain = chain_of(state, target, order)
    risks = [
        *risky_keywords(
            target,
            [path for files in division.written for path in files],
            _owned(state, target, division),
        ),
        *division.risks,
        *(risk for unit in units if unit.loop for risk in unit.loop.risks),
        *chain.risks,
    ]
    script = script_of(state, target)
    place = own_place(state, target, script)
    extenders = list(extenders_of(state, target, mentions[target.name]))
    for item in place.items:
        anchor = first_anchor(item.node) if item.alias is None else None
        if anchor:
            raise Refusal(f'an item of its script defines the anchor &{anchor}')
    writer = Writer(target.text, script.place, target.job, steps)
    if len(units) == 1:
        return _matrix_draft(target, steps, script, writer, division, risks)

    def is_occupied(name: str) -> bool:
        return any(name in names for names in occupied)

    names = part_names(target.name, units, is_occupied, paths)
    template = template_name(target.name, is_occupied)
    if max(map(len, (template, *names))) > LONGEST:
        raise Refusal('the names of the new jobs would be too long')
    needs = [[names[number] for number in earlier] for earlier in order]
    lines = [needs_lines(target.text, place, chain.sources, earlier) for earlier in needs]
    shared = _shared(target, place, division, script, writer) if not extenders else []
    if sum(len(part.steps) - len(shared) for part in division.parts) > MAX_STEPS:
        raise Refusal('its set-up is too long to be repeated in every job')
    jobs = [NewJob(*row) for row in zip(names, division.parts, lines)]
    lender = script.place if script.lender else None
    own = split_edits(writer, jobs, template, shared, lender, place)
    has_template = bool(shared) or lender is not None or len(place.body.pairs) > 1
    if extenders and not has_template:
        raise Shared(f'{target.name} is extended by others')
    edits = {target.file: list(own)}
    for path, mention in extenders:
        edits.setdefault(path, []).append(
            Edit(mention.scalar.start, mention.scalar.end, like(template, mention.scalar.style))
        )
    followers = dict(followers_of(state, target, mentions[target.name], names))
    for path, own_edits in followers.items():
        edits.setdefault(path, []).extend(own_edits)
    quoted = ', '.join(f'`{name}`' for name in names)
    return Draft(
        target,
        steps,
        edits,
        followers,
        tuple(names),
        template if has_template else None,
        division.parts,
        {
            name: [*(source.name for source in chain.sources), *earlier] if earlier else []
            for name, earlier in zip(names, needs)
        },
        script.lender,
        f'split `{target.name}` into {len(names)} jobs: {quoted}',
        tuple(dict.fromkeys(risks)),
    )


def _merged_draft(state: State, target: Target, steps: Steps, unit: Unit) -> Draft:
    """One build for all destinations: nothing else of the job changes."""
    script = script_of(state, target)
    own_place(state, target, script)
    place = script.place
    writer = Writer(target.text, place, target.job, steps)
    kept = tuple(step for step in steps.main if step not in unit.others)
    part = Part(unit, kept)
    text = writer.script(kept, part)
    return Draft(
        target,
        steps,
        {target.file: [Edit(place.script_start, place.script_end, text)]},
        {},
        (target.name,),
        None,
        (part,),
        {target.name: []},
        script.lender,
        f'put {len(unit.others) + 1} builds of `{target.name}` into 1 with several destinations',
        (),
    )


def _matrix_draft(
    target: Target,
    steps: Steps,
    script: Script,
    writer: Writer,
    division: Division,
    risks: Sequence[str],
) -> Draft:
    part = division.parts[0]
    loop = part.unit.loop
    assert loop is not None
    part = Part(part.unit, steps.main)
    place = script.place
    start = above_comments(target.text, place)
    edits = [Edit(start, start, matrix_lines(place, loop)), *writer.unrolled(part)]
    return Draft(
        target,
        steps,
        {target.file: edits},
        {},
        (target.name,),
        None,
        (part,),
        {target.name: []},
        script.lender,
        f'split `{target.name}` with `parallel: matrix` over `{loop.command.name}`',
        tuple(dict.fromkeys(risks)),
    )


def above_comments(text: str, place: Layout) -> int:
    """The start of the comments above `script:`."""
    start = place.script_start
    # The line of the job's key ends it.
    while True:
        above = max(text.rfind('\n', 0, max(start - 1, 0)), text.rfind('\r', 0, max(start - 1, 0)))
        if not text.startswith(f'{place.indent}#', above + 1):
            return start
        start = above + 1


def _units(target: Target, steps: Steps, paths: Paths, text_of: TextOf) -> list[Unit]:
    for step in steps.before:
        if step.most_builds:
            raise Refusal('a build runs in its before_script')
    loops: dict[int, Loop] = {}
    for step in steps.main:
        if step.statement.background and step.most_builds:
            raise Refusal('a build runs in the background')
        if step.most_builds > 1:
            loops[step.number] = matrix_loop(target, steps, step, paths, text_of)
    units = units_of(steps, loops, paths)
    for step in steps.after:
        if step.most_builds:
            raise Refusal('a build runs in its after_script')
    if not units or len(units) == 1 and not loops:
        raise Refusal('its builds cannot be separated')
    if len(units) > MAX_PARTS:
        raise Refusal(f'it would become {len(units)} jobs; at most {MAX_PARTS} are allowed')
    _check_hosts(target, units)
    return merged(units, steps, paths)


def _check_hosts(target: Target, units: Sequence[Unit]) -> None:
    hosts = services_of(target) | {'localhost', '127.0.0.1', '0.0.0.0', '[::1]'}
    for unit in units:
        for image in unit.images:
            host = image.partition('/')[0]
            host = host if host[:1] == '[' else host.partition(':')[0]
            if host in hosts:
                raise Refusal(
                    f'{host} is a registry inside the job, and each new job would have its own'
                )


def _owned(state: State, target: Target, division: Division) -> list[frozenset[str]]:
    """For each unit the files that it alone makes."""
    if _may_come(state, target):
        return []
    text_of = ScriptFiles(state.repository).text
    counts = Counter(path for files in division.written for path in files)
    return [
        frozenset(
            path
            for path in files - division.repeated
            if counts[path] == 1 and text_of(path) is None
        )
        for files in division.written
    ]


def _may_come(state: State, target: Target) -> bool:
    """Files that the repository lacks may come from other jobs or from submodules."""
    return (
        any(
            other.name != target.name
            for pipeline in target.pipelines
            for other in state.sources(pipeline)
        )
        or 'GIT_SUBMODULE_STRATEGY' in target.job.variables
    )


def _scripts(state: State, steps: Steps) -> Iterator[str]:
    """The texts of the scripts of the repository that the job runs."""
    all_steps = (*steps.before, *steps.main, *steps.after)
    for file in sorted({file for step in all_steps for file in scripts_of(step)}):
        yield state.repository.known_text(file)


def _shared(
    target: Target, place: Layout, division: Division, script: Script, writer: Writer
) -> list[Step]:
    """The steps that go into the template's `before_script`."""
    if script.lender or any(
        'before_script' in pipeline.jobs[target.name].entries
        or pipeline.notes
        or node_at(place.body, 'before_script') is not None
        for pipeline in target.pipelines
    ):
        return []
    steps = list(writer.steps.main[: division.shared])
    while steps and not _can_be_cut(writer, steps):
        steps.pop()
    return steps


def _can_be_cut(writer: Writer, steps: Sequence[Step]) -> bool:
    """The last of the steps is the last of its item, or its item can be taken apart."""
    last = steps[-1]
    item = writer.place.items[writer.item_of(last)]
    return writer.is_whole(
        [step for step in steps if writer.item_of(step) == writer.item_of(last)]
    ) or (item.alias is None and isinstance(item.node, ScalarNode))


def rewritten(state: State, drafts: Iterable[Draft]) -> State:
    """The state with the edits of all drafts made. Raises Refusal where they overlap."""
    edits: dict[str, list[Edit]] = {}
    names: set[str] = set()
    for draft in drafts:
        names.update(draft.names)
        for path, own in draft.edits.items():
            edits.setdefault(path, []).extend(own)
    texts = {path: apply(state.files.text(path), own) for path, own in edits.items()}
    after = state.with_texts(texts)
    lists = {path: list(_long_lists(after, path, names)) for path in texts if len(edits[path]) > 2}
    if not any(lists.values()):
        return after
    return after.with_texts({path: apply(texts[path], own) for path, own in lists.items()})


def _long_lists(state: State, path: str, names: Collection[str]) -> Iterator[Edit]:
    try:
        roots = state.files.document(path).nodes
    except InvalidPipeline:
        raise Refusal('the rewritten file would not be read as before') from None
    for root in roots:
        yield from block_list_edits(state.files.text(path), root, names)
