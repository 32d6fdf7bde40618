"""One finding -> the edits that would fix its job, or why there are none."""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

from kaniko_hooks.analysis import image_name
from kaniko_hooks.fix.arguments import label
from kaniko_hooks.fix.chain import MAX_NEEDS
from kaniko_hooks.fix.chain import needs_lines
from kaniko_hooks.fix.followers import follower_edits
from kaniko_hooks.fix.keywords import refuse
from kaniko_hooks.fix.layout import Layout
from kaniko_hooks.fix.layout import layout
from kaniko_hooks.fix.loop import loop_of
from kaniko_hooks.fix.mentions import EXTENDS
from kaniko_hooks.fix.mentions import FOLLOWS
from kaniko_hooks.fix.mentions import OTHER
from kaniko_hooks.fix.mentions import REFERENCES
from kaniko_hooks.fix.names import LONGEST
from kaniko_hooks.fix.names import part_names
from kaniko_hooks.fix.names import template_name
from kaniko_hooks.fix.order import needed
from kaniko_hooks.fix.parts import check_others
from kaniko_hooks.fix.parts import parts
from kaniko_hooks.fix.claim import Claim
from kaniko_hooks.fix.prints import owners
from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.remains import check_jobs
from kaniko_hooks.fix.remains import check_state
from kaniko_hooks.fix.shape import check_written
from kaniko_hooks.fix.splice import Edit
from kaniko_hooks.fix.splice import apply
from kaniko_hooks.fix.split import split_edits
from kaniko_hooks.fix.state import Mentions
from kaniko_hooks.fix.state import State
from kaniko_hooks.fix.state import state_of
from kaniko_hooks.fix.steps import BUILD
from kaniko_hooks.fix.steps import LOOP
from kaniko_hooks.fix.steps import Steps
from kaniko_hooks.fix.steps import setup_of
from kaniko_hooks.fix.steps import steps
from kaniko_hooks.fix.subject import Subject
from kaniko_hooks.fix.subject import defines_anchor
from kaniko_hooks.fix.subject import is_merged
from kaniko_hooks.fix.subject import subject
from kaniko_hooks.fix.trial import Setting
from kaniko_hooks.fix.trial import reader
from kaniko_hooks.fix.trial import trial
from kaniko_hooks.fix.unroll import loop_edits
from kaniko_hooks.lines import where
from kaniko_hooks.model import Finding
from kaniko_hooks.model import Place
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.options import Options

MAX_PARTS = 200
MAX_STEPS = 2_000  # of all parts


class Draft(NamedTuple):
    """The edits that would fix one job; `names` take its place where others wait for it."""

    subject: Subject
    setting: Setting
    edits: Mapping[str, list[Edit]]
    names: tuple[str, ...]
    claim: Claim
    does: str


class _Own(NamedTuple):
    edits: list[Edit]  # of the job's file
    names: tuple[str, ...]
    claim: Claim
    does: str


def draft(
        state: State, found: Mapping[str, Mentions], taken: Collection[str], finding: Finding,
) -> Draft:
    """The edits for one finding's job, not yet proven. Raises Refusal.

    `found` has the mentions of the job, by its name; `taken` are names that
    drafts before this one have given.
    """
    options = state.asked.options
    job = subject(state.files, state.found, finding)
    refuse(job, options.unsafe)
    _refuse_mentions(state, job, found[job.name])
    setting = Setting(
        image_name(job.container), job.container.parts[0].variables, reader(state.repository),
    )
    for keyword, commands in (
            ('before_script', job.job.before_script), ('after_script', job.job.after_script),
    ):
        if commands and trial(setting, [command.text for command in commands]).builds:
            raise Refusal(f'a build stands in its {keyword}')
    place = layout(job.text, job.key, job.body)
    own = _own_edits(job, place, setting, options, state.taken.union(taken))
    edits = _with_followers(state, job, found[job.name], own)
    return Draft(job, setting, edits, own.names, own.claim, own.does)


def rewritten(state: State, drafts: Iterable[Draft]) -> State:
    """The state with the edits of all drafts made. Raises Refusal where they overlap."""
    edits: dict[str, list[Edit]] = {}
    for each in drafts:
        for path, some in each.edits.items():
            edits.setdefault(path, []).extend(some)
    texts = {path: apply(state.files.text(path), some) for path, some in edits.items()}
    return state_of(state.asked, {**state.edited, **texts})


def _refuse_mentions(state: State, job: Subject, found: Mentions) -> None:
    document = state.files.document(job.file)
    if document is not None and is_merged(document.nodes, job.body):
        raise Refusal(f'other jobs merge it as *{job.body.anchor}')
    for path, each in ((path, each) for path, some in found.items() for each in some):
        # Another pipeline's needs and parents are its own jobs, whatever their names.
        if path not in job.files and each.kind != OTHER:
            continue
        line = where(Place(path, each.scalar.start), state.repository.known_text)[0]
        if each.kind == EXTENDS:
            raise Refusal(f'{path}:{line} extends it')
        if each.kind == REFERENCES:
            raise Refusal(f'{path}:{line} refers to it')
        if each.kind != FOLLOWS:
            raise Refusal(f'{path}:{line} names it, and it would have another name')


def _own_edits(
        job: Subject, place: Layout, setting: Setting, options: Options, taken: Collection[str],
) -> _Own:
    for item in place.items:
        anchor = defines_anchor(item.node) if item.alias is None else None
        if anchor:
            raise Refusal(f'an item of its script defines the anchor &{anchor}')
    first = [command.text for command in job.job.before_script or ()]
    found = steps(
        setting, first, place.items, job.job.script or (), job.found[0].pipeline.table,
    )
    check_others(found.steps, options.unsafe)
    if any(each.kind == LOOP for each in found.steps):
        return _loop_edits(job, place, setting, first, found)
    return _split_edits(job, place, setting, found, taken)


def _loop_edits(
        job: Subject, place: Layout, setting: Setting, first: Sequence[str], found: Steps,
) -> _Own:
    loop = loop_of(job, place, setting, first, found)
    said = [
        each.text for step in found.steps
        for each in (loop.inner if step is loop.step else [step])
    ]
    claim = Claim({job.name: said}, None, {}, loop.command.name, loop.values)
    does = f'turns its loop into `parallel: matrix` over {loop.command.name}'
    return _Own(loop_edits(job.text, place, loop), (job.name,), claim, does)


def _split_edits(
        job: Subject, place: Layout, setting: Setting, found: Steps, taken: Collection[str],
) -> _Own:
    builds = [each for each in found.steps if each.kind == BUILD]
    if not 2 <= len(builds) <= MAX_PARTS:
        raise Refusal(f'its script has {len(builds)} commands that build, not 2 to {MAX_PARTS}')
    for build in builds:
        check_written(build, found.functions)
    first, after = (
        [command.text for command in commands or ()]
        for commands in (job.job.before_script, job.job.after_script)
    )
    owned = owners(found.steps, found.functions)
    check_state(found.steps, found.functions, after, owned)
    check_jobs(setup_of(first), found.steps, found.functions)
    made = parts(found.steps, owned, found.functions)
    if sum(len(part.kept) for part in made) > MAX_STEPS:
        raise Refusal('its set-up is too long to be repeated in every job')
    taken = set(taken) - {job.name}
    names = part_names(job.name, [label(each.argv) for each in builds], taken)
    template = template_name(job.name, taken)
    if max(map(len, (template, *names))) > LONGEST:
        raise Refusal('the names of the new jobs would be too long')
    order = needed(
        [each.argv for each in builds],
        ['\n'.join(step.text for step in part.before) for part in made], setting.read_text,
    )
    needs = needs_lines(job, place, names, order)
    own = split_edits(job.text, place, found.steps, made, names, template, needs)
    has_template = len(place.body.pairs) > 1
    claim = Claim(
        {name: [step.text for step in part.kept] for name, part in zip(names, made)},
        template if has_template else None,
        {name: [names[index] for index in each] for name, each in zip(names, order)},
    )
    does = f'splits it into {", ".join(names[:-1])} and {names[-1]}'
    return _Own(own, tuple(names), claim, does)


def _with_followers(
        state: State, job: Subject, found: Mentions, own: _Own,
) -> dict[str, list[Edit]]:
    """The edits of all files: the job's own, and those of what waits for it."""
    edits = {job.file: list(own.edits)}
    if own.names == (job.name,):
        return edits
    for path in job.files:
        some = found.get(path, ())
        for each in some:
            count = len(each.holder.items) if each.holder is not None else 0
            if count + len(own.names) - 1 > MAX_NEEDS:
                raise Refusal(f'a job would need more than {MAX_NEEDS} others')
        if some:
            follow = follower_edits(state.files.text(path), some, own.names)
            edits.setdefault(path, []).extend(follow)
    return edits
