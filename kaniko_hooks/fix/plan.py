"""All findings of the named files -> what is rewritten, and why the rest is not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from kaniko_hooks.about import internal_error
from kaniko_hooks.analysis import Evaluations, analyse
from kaniko_hooks.ci import gitlab_files
from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.fix import Refusal
from kaniko_hooks.fix.draft import Draft, drafts_of, rewritten
from kaniko_hooks.fix.proof import prove
from kaniko_hooks.fix.references import mentions_of
from kaniko_hooks.fix.target import State
from kaniko_hooks.model import Finding
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.options import Options
from kaniko_hooks.repository import Repository
from kaniko_hooks.rule import CACHED, UNCACHED


class Outcome(NamedTuple):
    """The fix of one finding, or the reason that there is none.

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
    """The rewrites that the fix hook would make.

    - `writes`: groups of files (path -> new text); each is written as a whole.
      The order is that in which they must be written, so that a job which is not
      rewritten yet still shares its container: its file comes after its followers'.
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
    plan = _plan(repository, named, options, analysis.result.findings, analysis.evaluations)
    return plan._replace(crashes=(*analysis.crashes, *plan.crashes))


def with_fixes(
    repository: Repository,
    named: Sequence[str],
    options: Options,
    findings: Sequence[Finding],
    evaluations: Evaluations,
) -> tuple[Finding, ...]:
    """The findings with `fix` or `no_fix`, as the fix hook would act by default."""
    plan = _plan(repository, named, options, findings, evaluations)
    return tuple(
        outcome.finding._replace(fix=outcome.fix, no_fix=outcome.no_fix)
        for outcome in plan.outcomes
    )


def _plan(
    repository: Repository,
    named: Sequence[str],
    options: Options,
    findings: Sequence[Finding],
    evaluations: Evaluations,
) -> FixPlan:
    # A job that is found twice, with other variables, is one job.
    distinct = {
        _key(finding): finding
        for finding in reversed(findings)
        if finding.rule in (CACHED, UNCACHED)
    }
    plans = _Plans()
    edited: Mapping[str, str] = {}
    if distinct:
        try:
            state = State(
                Files(repository), gitlab_files(repository, named), options, evaluations, {}
            )
            edited = plans.settle(state, list(distinct.values())).edited
        except Exception as error:
            plans.crashes.append(internal_error('the fix', error))
    outcomes = tuple(
        plans.outcomes.get(_key(finding), Outcome(finding, None, None))._replace(finding=finding)
        for finding in findings
    )
    old = {path: repository.known_text(path) for path in edited}
    writes = tuple(
        {path: edited[path] for path in plans.ordered(group)} for group in _groups(outcomes)
    )
    return FixPlan(outcomes, writes, old, tuple(plans.crashes))


_Key = tuple[str, tuple[str, ...]]


def _key(finding: Finding) -> _Key:
    return finding.rule, tuple(f'{job.place.file}:{job.name}' for job in finding.containers)


class _Plans:
    """The outcomes of findings, while they are settled."""

    def __init__(self) -> None:
        self.outcomes: dict[_Key, Outcome] = {}
        self.crashes: list[str] = []
        self._later: dict[str, set[str]] = {}  # files that come after one, with its followers

    def settle(self, state: State, findings: Sequence[Finding]) -> State:
        """Fix what can be fixed and decide on each finding; the state that is left.

        All is drafted, made and proven at once; only if that fails by halves, so
        that one bad draft costs no other.
        """
        drafted = self._drafts(state, findings)
        if not drafted:
            return state
        drafts = [draft for _, own in drafted for draft in own]
        try:
            after = rewritten(state, drafts)
            prove(state, after, drafts)
        except Exception as error:
            left = [finding for finding, _ in drafted]
            if len(left) == 1:
                self._fail(left[0], error)
                return state
            half = len(left) // 2
            state = self.settle(state, left[:half])
            return self.settle(state, left[half:])
        for finding, own in drafted:
            does = ', '.join(draft.does for draft in own)
            files = {path for draft in own for path in draft.edits}
            risks = [risk for draft in own for risk in draft.risks]
            self.outcomes[_key(finding)] = Outcome(
                finding, does, None, tuple(sorted(files)), risks[0] if risks else ''
            )
            for draft in own:
                for path in draft.edits.keys() - {draft.target.file}:
                    self._later.setdefault(path, set()).add(draft.target.file)
        return after

    def _drafts(
        self, state: State, findings: Sequence[Finding]
    ) -> list[tuple[Finding, list[Draft]]]:
        names = {job.name for finding in findings for job in finding.containers}
        mentions = mentions_of(state, names)
        new: dict[str, set[str]] = {}
        drafted: list[tuple[Finding, list[Draft]]] = []
        for finding in findings:
            try:
                drafts = drafts_of(state, mentions, new, finding)
                for path in sorted({path for draft in drafts for path in draft.edits}):
                    if not state.is_exact(path):
                        raise Refusal(f'{path} has bytes that are not UTF-8')
            except Exception as error:
                self._fail(finding, error)
                continue
            drafted.append((finding, drafts))
        return drafted

    def _fail(self, finding: Finding, error: Exception) -> None:
        """An internal error costs one finding only."""
        reason = str(error)
        if not isinstance(error, Refusal):
            self.crashes.append(internal_error(finding.place.file, error))
            reason = 'an internal error'
        self.outcomes[_key(finding)] = Outcome(finding, None, reason)

    def ordered(self, paths: Collection[str]) -> list[str]:
        """The order in which files are written."""
        waiting = sorted(paths)
        result: list[str] = []
        while waiting:
            ready = [
                path
                for path in waiting
                if not any(path in self._later.get(other, ()) for other in waiting if other != path)
            ]
            # Of two files that have followers of each other's jobs any may be the first.
            result += ready or waiting
            waiting = [path for path in waiting if path not in result]
        return result


def _groups(outcomes: Sequence[Outcome]) -> list[set[str]]:
    """Files that some fix changes together stand in one group."""
    groups: list[set[str]] = []
    for outcome in outcomes:
        touched = set(outcome.files)
        joined = [group for group in groups if group & touched]
        groups = [group for group in groups if not group & touched]
        if touched:
            groups.append(touched.union(*joined))
    return groups
