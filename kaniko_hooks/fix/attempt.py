"""One finding -> the new texts of all files that change, or why there are none."""
from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from kaniko_hooks.analysis import image_name
from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.repository import Found
from kaniko_hooks.ci.gitlab.repository import pipelines
from kaniko_hooks.fix.arguments import label
from kaniko_hooks.fix.chain import MAX_NEEDS
from kaniko_hooks.fix.chain import needs_lines
from kaniko_hooks.fix.followers import follower_edits
from kaniko_hooks.fix.keywords import refuse
from kaniko_hooks.fix.layout import Layout
from kaniko_hooks.fix.layout import layout
from kaniko_hooks.fix.loop import loop_edits
from kaniko_hooks.fix.loop import loop_of
from kaniko_hooks.fix.mentions import EXTENDS
from kaniko_hooks.fix.mentions import FOLLOWS
from kaniko_hooks.fix.mentions import OTHER
from kaniko_hooks.fix.mentions import REFERENCES
from kaniko_hooks.fix.mentions import Mention
from kaniko_hooks.fix.mentions import mentions
from kaniko_hooks.fix.names import LONGEST
from kaniko_hooks.fix.names import part_names
from kaniko_hooks.fix.names import template_name
from kaniko_hooks.fix.order import needed
from kaniko_hooks.fix.parts import check_others
from kaniko_hooks.fix.parts import parts
from kaniko_hooks.fix.proof import Claim
from kaniko_hooks.fix.proof import prove
from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.shape import check_state
from kaniko_hooks.fix.shape import check_written
from kaniko_hooks.fix.splice import Edit
from kaniko_hooks.fix.splice import apply
from kaniko_hooks.fix.split import split_edits
from kaniko_hooks.fix.steps import BUILD
from kaniko_hooks.fix.steps import LOOP
from kaniko_hooks.fix.steps import Steps
from kaniko_hooks.fix.steps import steps
from kaniko_hooks.fix.subject import Subject
from kaniko_hooks.fix.subject import defines_anchor
from kaniko_hooks.fix.subject import is_merged
from kaniko_hooks.fix.subject import subject
from kaniko_hooks.fix.trial import Setting
from kaniko_hooks.fix.trial import reader
from kaniko_hooks.fix.trial import trial
from kaniko_hooks.lines import where
from kaniko_hooks.model import Finding
from kaniko_hooks.model import Place
from kaniko_hooks.options import Options
from kaniko_hooks.project import Repository

MAX_PARTS = 200


class Rewrite(NamedTuple):
    """What a fix changes: path -> new text, and what it does, for the user."""

    texts: Mapping[str, str]
    does: str


class _Edits(NamedTuple):
    own: list[Edit]  # of the job's file
    names: tuple[str, ...]  # that take the job's place where others wait for it
    claim: Claim
    does: str


def attempt(
        root: str, edited: Mapping[str, str], named: Sequence[str], options: Options,
        finding: Finding,
) -> Rewrite:
    """The proven rewrite of one finding's job; nothing is written.

    `edited` are the texts that earlier fixes have left. Raises Refusal.
    """
    repository = Repository(root, edited)
    files = Files(repository)
    before = pipelines(files, named, options.gitlab_configs).found
    job = subject(files, before, finding)
    refuse(job, options.unsafe)
    found = {path: _mentions(files, path, job.name) for path in job.files}
    _refuse_mentions(repository, files, before, job, found)
    setting = Setting(
        image_name(job.container), job.container.parts[0].variables, reader(repository),
    )
    for keyword, commands in (
            ('before_script', job.job.before_script), ('after_script', job.job.after_script),
    ):
        if commands and trial(setting, [command.text for command in commands]).builds:
            raise Refusal(f'a build stands in its {keyword}')
    place = layout(job.text, job.key, job.body)
    edits = _edits(job, place, setting, options, before)
    texts = _applied(files, job, found, edits)
    after = Repository(root, {**edited, **texts})
    prove(job, before, after, named, options.gitlab_configs, edits.claim, setting)
    return Rewrite(texts, edits.does)


def _mentions(files: Files, path: str, name: str) -> list[Mention]:
    document = files.document(path)
    return [
        each for root in (document.nodes if document else ()) for each in mentions(root, name)
    ]


def _refuse_mentions(
        repository: Repository, files: Files, before: Sequence[Found], job: Subject,
        found: Mapping[str, Sequence[Mention]],
) -> None:
    document = files.document(job.file)
    if document is not None and is_merged(document.nodes, job.body):
        raise Refusal(f'other jobs merge it as *{job.body.anchor}')
    # Another pipeline's needs and parents are its own jobs, whatever their names.
    elsewhere = {
        path: [each for each in _mentions(files, path, job.name) if each.kind == OTHER]
        for other in before for path in other.pipeline.files if path not in found
    }
    named = [(path, each) for path, some in {**found, **elsewhere}.items() for each in some]
    for path, each in named:
        line = where(Place(path, each.scalar.start), repository.known_text)[0]
        if each.kind == EXTENDS:
            raise Refusal(f'{path}:{line} extends it')
        if each.kind == REFERENCES:
            raise Refusal(f'{path}:{line} refers to it')
        if each.kind != FOLLOWS:
            raise Refusal(f'{path}:{line} names it, and it would have another name')


def _edits(
        job: Subject, place: Layout, setting: Setting, options: Options, before: Sequence[Found],
) -> _Edits:
    for item in place.items:
        anchor = defines_anchor(item.node) if item.alias is None else None
        if anchor:
            raise Refusal(f'an item of its script defines the anchor &{anchor}')
    first = [command.text for command in job.job.before_script or ()]
    after = [command.text for command in job.job.after_script or ()]
    found = steps(
        setting, first, place.items, job.job.script or (), job.found[0].pipeline.table,
    )
    check_others(found.steps, options.unsafe)
    if any(each.kind == LOOP for each in found.steps):
        return _loop_edits(job, place, setting, first, found)
    return _split_edits(job, place, setting, after, found, before)


def _loop_edits(
        job: Subject, place: Layout, setting: Setting, first: Sequence[str], found: Steps,
) -> _Edits:
    loop = loop_of(job, place, setting, first, found)
    said = [
        each.text for step in found.steps
        for each in (loop.inner if step is loop.step else [step])
    ]
    claim = Claim({job.name: said}, None, ('parallel',), loop.command.name, loop.values)
    does = f'turns its loop into `parallel: matrix` over {loop.command.name}'
    return _Edits(loop_edits(job.text, place, loop), (job.name,), claim, does)


def _split_edits(
        job: Subject, place: Layout, setting: Setting, after: Sequence[str], found: Steps,
        before: Sequence[Found],
) -> _Edits:
    builds = [each for each in found.steps if each.kind == BUILD]
    if not 2 <= len(builds) <= MAX_PARTS:
        raise Refusal(f'its script has {len(builds)} commands that build, not 2 to {MAX_PARTS}')
    for build in builds:
        check_written(build, found.functions)
    check_state(found.steps, found.functions, after)
    made = parts(found.steps)
    taken = {
        key for each in before for key in each.pipeline.table.entries if isinstance(key, str)
    } - {job.name}
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
        template if has_template else None, ('needs',) if any(order) else (),
    )
    does = f'splits it into {", ".join(names[:-1])} and {names[-1]}'
    return _Edits(own, tuple(names), claim, does)


def _applied(
        files: Files, job: Subject, found: Mapping[str, Sequence[Mention]], edits: _Edits,
) -> dict[str, str]:
    texts = {}
    for path, some in found.items():
        follow = [] if edits.names == (job.name,) else list(
            follower_edits(files.text(path), some, edits.names),
        )
        own = [*(edits.own if path == job.file else []), *follow]
        for each in some if follow else ():
            count = len(each.holder.items) if each.holder is not None else 0
            if count + len(edits.names) - 1 > MAX_NEEDS:
                raise Refusal(f'a job would need more than {MAX_NEEDS} others')
        if own:
            texts[path] = apply(files.text(path), own)
    return texts
