"""A job's script -> the edits that split it or turn its loop into a matrix."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kaniko_hooks.fix.chain import needs_lines
from kaniko_hooks.fix.claim import Claim
from kaniko_hooks.fix.labels import labels
from kaniko_hooks.fix.layout import Layout
from kaniko_hooks.fix.lender import Script
from kaniko_hooks.fix.loop import is_environment, loop_of
from kaniko_hooks.fix.names import LONGEST, part_names, template_name
from kaniko_hooks.fix.order import Planned, needed
from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.script.carried import check_builds
from kaniko_hooks.fix.script.parts import check_others, parts
from kaniko_hooks.fix.script.prints import owners
from kaniko_hooks.fix.script.remains import check_jobs, check_state
from kaniko_hooks.fix.script.shape import check_written
from kaniko_hooks.fix.script.steps import BUILD, LOOP, Steps, setup_of, steps
from kaniko_hooks.fix.script.trial import Setting
from kaniko_hooks.fix.splice import Edit
from kaniko_hooks.fix.split import split_edits
from kaniko_hooks.fix.subject import Subject, defines_anchor
from kaniko_hooks.fix.unroll import loop_edits
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.options import Options

MAX_PARTS = 200
MAX_STEPS = 2_000  # of all parts


class Own(NamedTuple):
    """What becomes of a job in its own file; `names` take its place where others wait."""

    edits: list[Edit]  # of the job's file
    names: tuple[str, ...]
    claim: Claim
    does: str


def own_edits(
    job: Subject,
    place: Layout,
    script: Script,
    setting: Setting,
    options: Options,
    taken: Collection[str],
) -> Own:
    """The edits for a job that is written as `place` tells; `taken` are names of other jobs.

    Raises Refusal.
    """
    for item in place.items:
        anchor = defines_anchor(item.node) if item.alias is None else None
        if anchor:
            raise Refusal(f'an item of its script defines the anchor &{anchor}')
    first = [command.text for command in job.job.before_script or ()]
    found = steps(setting, first, place.items, job.job.script or (), job.found[0].table)
    check_others(found.steps, options.unsafe)
    if any(each.kind == LOOP for each in found.steps):
        return _loop_edits(job, script, setting, first, found)
    return _split_edits(job, place, script, setting, found, taken)


def _loop_edits(
    job: Subject, script: Script, setting: Setting, first: Sequence[str], found: Steps
) -> Own:
    loop = loop_of(job, script.place, setting, first, found)
    said = [
        each.text for step in found.steps for each in (loop.inner if step is loop.step else [step])
    ]
    claim = Claim(
        {job.name: said}, None, {}, loop.command.name, loop.values, script.lender, loop.unused
    )
    does = f'with `parallel: matrix` over `{loop.command.name}`'
    return Own(loop_edits(job.text, script.place, loop), (job.name,), claim, does)


def _split_edits(
    job: Subject,
    place: Layout,
    script: Script,
    setting: Setting,
    found: Steps,
    taken: Collection[str],
) -> Own:
    builds = [each for each in found.steps if each.kind == BUILD]
    if not 2 <= len(builds) <= MAX_PARTS:
        raise Refusal(f'it would become {len(builds)} jobs, not 2 to {MAX_PARTS}')
    for build in builds:
        check_written(build, found.functions)
    first, after = (
        [command.text for command in commands or ()]
        for commands in (job.job.before_script, job.job.after_script)
    )
    owned = owners(found.steps, found.functions)
    check_state(found.steps, found.functions, after, owned)
    unused = check_builds(
        setup_of(first),
        found.steps,
        found.functions,
        owned,
        lambda name: is_environment(name, setting),
    )
    check_jobs(setup_of(first), found.steps, found.functions)
    made = parts(found.steps, owned, found.functions)
    if sum(len(part.kept) for part in made) > MAX_STEPS:
        raise Refusal('its set-up is too long to be repeated in every job')
    taken = set(taken) - {job.name}
    names = part_names(job.name, labels([each.argv for each in builds]), taken)
    template = template_name(job.name, taken)
    if max(map(len, (template, *names))) > LONGEST:
        raise Refusal('the names of the new jobs would be too long')
    order = needed(
        [Planned(part.build.met, '\n'.join(step.text for step in part.before)) for part in made],
        setting,
    )
    needs = needs_lines(job, place, names, order)
    lender = script.place if script.lender else None
    own = split_edits(job.text, place, found.steps, made, names, template, needs, lender)
    has_template = lender is not None or len(place.body.pairs) > 1
    claim = Claim(
        {name: [step.text for step in part.kept] for name, part in zip(names, made)},
        template if has_template else None,
        {name: [names[index] for index in each] for name, each in zip(names, order)},
        lender=script.lender,
        unused=unused,
    )
    does = f'into {len(names)} jobs: {", ".join(f"`{name}`" for name in names)}'
    return Own(own, tuple(names), claim, does)
