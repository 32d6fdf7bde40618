"""All findings of the named files -> what is rewritten, and why the rest is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaniko_hooks.analysis import analyse
from kaniko_hooks.fix.draft import Draft, drafts, given_names, rewritten
from kaniko_hooks.fix.proof import prove
from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.state import Asked, State, mentions_of, state_of
from kaniko_hooks.internal_error import internal_error
from kaniko_hooks.model import Finding
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.options import Options
from kaniko_hooks.repository import Repository
from kaniko_hooks.rule import CACHED, UNCACHED


class Outcome(NamedTuple):
    """What becomes of one finding.

    - `fix`: the rewrite, in words that go on from "would" and that are past tense as well:
      'split `images` into 2 jobs: `image-a`, `image-b`'.
    - `no_fix`: why there is none. One of the two is None, for another rule both.
    - `files`: the files that the fix changes.
    - `risk`: the reason for which it needs --unsafe, if it does.
    """

    finding: Finding
    fix: str | None
    no_fix: str | None
    files: tuple[str, ...] = ()
    risk: str = ''


class FixPlan(NamedTuple):
    """What the fix hook would do.

    - `writes`: groups of files (path -> new text); each is written as a whole.
    - `old`: the texts of those files as they are, without byte order mark.
    - `crashes`: one line for each internal error.
    """

    outcomes: tuple[Outcome, ...]
    writes: tuple[Mapping[str, str], ...]
    old: Mapping[str, str]
    crashes: tuple[str, ...] = ()


def plan_fixes(repository: Repository, named: Sequence[str], options: Options) -> FixPlan:
    """Every finding of the named files with its fix, proven; nothing is written."""
    analysis = analyse(repository, named, options)
    asked = Asked(repository, tuple(named), options)
    return _plan(asked, analysis.result.findings, analysis.crashes)


def with_fixes(
    repository: Repository, named: Sequence[str], options: Options, findings: Sequence[Finding]
) -> tuple[Finding, ...]:
    """The findings with `fix` or `no_fix` told, as the fix hook would act by default."""
    plan = _plan(Asked(repository, tuple(named), options), findings, ())
    return tuple(each.finding._replace(fix=each.fix, no_fix=each.no_fix) for each in plan.outcomes)


def _plan(asked: Asked, findings: Sequence[Finding], crashes: Sequence[str]) -> FixPlan:
    first = {_key(each): each for each in reversed(findings) if each.rule in (CACHED, UNCACHED)}
    told: dict[_Key, Outcome] = {}
    crashed = list(crashes)
    edited: Mapping[str, str] = {}
    if first:
        try:
            edited = _settle(state_of(asked, {}), list(first.values()), told, crashed).edited
        except Exception as error:
            crashed.append(internal_error('the fix', error))
    # A job that is found twice, with other variables, is one job.
    outcomes = tuple(
        told[_key(each)]._replace(finding=each) if _key(each) in told else Outcome(each, None, None)
        for each in findings
    )
    old = {path: asked.repository.known_text(path) for path in edited}
    return FixPlan(outcomes, _groups(outcomes, edited), old, tuple(crashed))


_Key = tuple[str, tuple[str, ...]]


def _key(finding: Finding) -> _Key:
    return finding.rule, tuple(f'{each.place.file}:{each.name}' for each in finding.containers)


def _settle(
    state: State, findings: Sequence[Finding], told: dict[_Key, Outcome], crashed: list[str]
) -> State:
    """Fix what can be fixed and tell about each finding; the state that is left.

    All is drafted, made and proven at once; only if that fails by halves, so
    that one bad draft costs no other.
    """
    made = _drafts(state, findings, told, crashed)
    if not made:
        return state
    left = [each for each in findings if _key(each) in made]
    try:
        every = [each for some in made.values() for each in some]
        after = rewritten(state, every)
        prove(state, after, every)
    except Exception as error:
        if len(left) == 1:
            told[_key(left[0])] = _failed(left[0], error, crashed)
            return state
        half = len(left) // 2
        state = _settle(state, left[:half], told, crashed)
        return _settle(state, left[half:], told, crashed)
    for each in left:
        some = made[_key(each)]
        does = [f'split `{one.subject.name}` {one.does}' for one in some]
        files = {path for one in some for path in one.edits}
        told[_key(each)] = Outcome(
            each, ', '.join(does), None, tuple(sorted(files)), _risk(state, each)
        )
    return after


def _risk(state: State, finding: Finding) -> str:
    """The reason for which a rewrite needs --unsafe, '' if it does not."""
    options = state.asked.options
    if not options.unsafe:
        return ''
    asked = state.asked._replace(options=options._replace(unsafe=False))
    found = mentions_of(state, {container.name for container in finding.containers})
    try:
        drafts(state._replace(asked=asked), found, (), finding)
    except Refusal as reason:
        return str(reason).partition('; only with --unsafe')[0]
    return ''


def _drafts(
    state: State, findings: Sequence[Finding], told: dict[_Key, Outcome], crashed: list[str]
) -> dict[_Key, list[Draft]]:
    found = mentions_of(state, {each.name for one in findings for each in one.containers})
    taken: set[str] = set()
    made: dict[_Key, list[Draft]] = {}
    for finding in findings:
        try:
            some = drafts(state, found, taken, finding)
            for path in sorted({path for each in some for path in each.edits}):
                if not state.repository.is_exact(path):
                    raise Refusal(f'{path} has bytes that are not UTF-8')
        except Exception as error:
            told[_key(finding)] = _failed(finding, error, crashed)
            continue
        made[_key(finding)] = some
        taken.update(name for each in some for name in given_names(each))
    return made


def _failed(finding: Finding, error: Exception, crashed: list[str]) -> Outcome:
    """Why a finding is not fixed; an internal error costs that one only."""
    if isinstance(error, Refusal):
        return Outcome(finding, None, str(error))
    crashed.append(internal_error(finding.place.file, error))
    return Outcome(finding, None, 'an internal error')


def _groups(
    outcomes: Sequence[Outcome], edited: Mapping[str, str]
) -> tuple[Mapping[str, str], ...]:
    """Files that some fix changes together stand in one group."""
    groups: list[set[str]] = []
    for outcome in outcomes:
        touched = set(outcome.files)
        joined = [group for group in groups if group & touched]
        groups = [group for group in groups if not group & touched]
        if touched:
            groups.append(touched.union(*joined))
    return tuple({path: edited[path] for path in sorted(group)} for group in groups)
