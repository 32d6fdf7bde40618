"""One finding -> the edits that would fix its job, or why there are none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from kaniko_hooks.fix.chain import MAX_NEEDS
from kaniko_hooks.fix.claim import Claim
from kaniko_hooks.fix.followers import follower_edits
from kaniko_hooks.fix.job_edits import Own, own_edits
from kaniko_hooks.fix.keywords import refuse
from kaniko_hooks.fix.lender import own_place, script_of
from kaniko_hooks.fix.mentions import EXTENDS, FOLLOWS, OTHER, REFERENCES
from kaniko_hooks.fix.refusal import Refusal, Risky, Shared
from kaniko_hooks.fix.script.trial import Setting, reader, trial
from kaniko_hooks.fix.splice import Edit, apply
from kaniko_hooks.fix.state import Mentions, State, state_of
from kaniko_hooks.fix.subject import Subject, is_merged, subject
from kaniko_hooks.lines import where
from kaniko_hooks.model import Container, Finding, Place, Variable
from kaniko_hooks.named_tuple import NamedTuple


class Draft(NamedTuple):
    """The edits that would fix one job; `names` take its place where others wait for it."""

    subject: Subject
    setting: Setting
    edits: Mapping[str, list[Edit]]
    names: tuple[str, ...]
    claim: Claim
    does: str


def drafts(
    state: State, found: Mapping[str, Mentions], taken: Collection[str], finding: Finding
) -> list[Draft]:
    """The edits for a finding's jobs, not yet proven: all of them or none. Raises Refusal.

    `found` has the mentions of each job, by its name; `taken` are names that
    drafts before these have given.
    """
    jobs = {(each.place.file, each.name): each for each in reversed(finding.containers)}
    names = set(taken)
    made: list[Draft] = []
    for job in reversed(jobs.values()):
        try:
            made.append(_sure_draft(state, found, names, job))
        except Refusal as reason:
            others = {each.name for each in jobs.values()} - {job.name}
            if not others:
                raise
            if not isinstance(reason, Shared):
                raise Refusal(f'{job.name}: {reason}') from None
            more = f' and {len(others) - 1} more' if len(others) > 1 else ''
            raise Refusal(f'its commands are shared with {min(others)}{more}') from None
        names |= given_names(made[-1])
    return made


def given_names(made: Draft) -> set[str]:
    """The names of a draft's new jobs."""
    return {*made.names, *([made.claim.hidden] if made.claim.hidden else [])}


def _sure_draft(
    state: State, found: Mapping[str, Mentions], taken: Collection[str], container: Container
) -> Draft:
    try:
        return _draft(state, found, taken, container)
    except Risky:
        # Nobody should be sent to --unsafe to be refused there for another reason.
        asked = state.asked._replace(options=state.asked.options._replace(unsafe=True))
        _draft(state._replace(asked=asked), found, taken, container)
        raise


def _draft(
    state: State, found: Mapping[str, Mentions], taken: Collection[str], container: Container
) -> Draft:
    options = state.asked.options
    job = subject(state.files, state.found, container)
    setting = Setting(
        _image_name(job.container), job.container.parts[0].variables, reader(state.repository)
    )
    refuse(job, setting, options.unsafe)
    _refuse_mentions(state, job, found[job.name])
    for keyword, commands in (
        ('before_script', job.job.before_script),
        ('after_script', job.job.after_script),
    ):
        if commands and trial(setting, [command.text for command in commands]).builds:
            raise Refusal(f'a build stands in its {keyword}')
    script = script_of(state.files, job.job, job.found[0].hidden)
    place = own_place(state, job, script)
    own = own_edits(job, place, script, setting, options, state.taken.union(taken))
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
        raise Shared(f'other jobs merge it as *{job.body.anchor}')
    for path, each in ((path, each) for path, some in found.items() for each in some):
        # Another pipeline's needs and parents are its own jobs, whatever their names.
        if path not in job.files and each.kind != OTHER:
            continue
        line = where(Place(path, each.scalar.start), state.repository.known_text)[0]
        if each.kind == EXTENDS:
            raise Shared(f'{path}:{line} extends it')
        if each.kind == REFERENCES:
            raise Shared(f'{path}:{line} refers to it')
        if each.kind != FOLLOWS:
            raise Refusal(f'{path}:{line} names it, and it becomes several jobs')
        item = each.holder.items[each.position] if each.holder is not None else each.scalar
        if item.anchor or each.scalar.anchor:
            raise Refusal(f'{path}:{line} names it where an anchor is defined')


def _with_followers(state: State, job: Subject, found: Mentions, own: Own) -> dict[str, list[Edit]]:
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


def _image_name(container: Container) -> str | None:
    """The image's name with the variables of the first part; of several the one with `kaniko`."""
    if not isinstance(container.image, Variable):
        return None
    from kaniko_hooks.old_shell.expansion.expand import expand

    variables = container.parts[0].variables if container.parts else {}
    names = [expand(value, variables).text for value in container.image.values]
    return next((name for name in names if 'kaniko' in name), names[0] if names else None)
