"""All findings of the named files -> what is rewritten, and why the rest is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaniko_hooks.about import internal_error
from kaniko_hooks.analysis import Analysis, analyse
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
    """A finding with its fix, or with the reason that there is none; neither for other rules.

    - `files`: the files that the fix changes.
    - `risk`: the reason for which it needs --unsafe, if it does.
    """

    finding: Finding
    files: tuple[str, ...] = ()
    risk: str = ''


class FixPlan(NamedTuple):
    """The rewrites that the fix hook would make.

    - `new`: path -> new text, in the order in which they must be written, so that a job
      which is not rewritten yet still shares its container: its file comes after those
      that have only followers.
    - `crashes`: one line for each internal error.
    """

    outcomes: tuple[Outcome, ...]
    new: Mapping[str, str]
    crashes: tuple[str, ...] = ()


def plan_fixes(
    repository: Repository, named: Sequence[str], options: Options, analysis: Analysis | None = None
) -> FixPlan:
    """Every finding of the named files with its fix, proven; nothing is written."""
    analysis = analysis or analyse(repository, named, options)
    findings = analysis.result.findings
    # A job that is found twice, with other variables, is one job.
    distinct = {
        _key(finding): finding
        for finding in reversed(findings)
        if finding.rule in (CACHED, UNCACHED)
    }
    plans = _Plans()
    new: dict[str, str] = {}
    if distinct:
        try:
            files = gitlab_files(repository, named)
            state = State(Files(repository), files, options, analysis.evaluations)
            text_of = plans.settle(state, list(distinct.values())).repository.known_text
            changed = {path for outcome in plans.outcomes.values() for path in outcome.files}
            order = sorted(changed, key=lambda path: (path in plans.targets, path))
            new = {path: text_of(path) for path in order}
        except Exception as error:
            plans.crashes.append(internal_error('the fix', error))
    outcomes = []
    for finding in findings:
        outcome = plans.outcomes.get(_key(finding), Outcome(finding))
        fixed = finding._replace(fix=outcome.finding.fix, no_fix=outcome.finding.no_fix)
        outcomes.append(outcome._replace(finding=fixed))
    return FixPlan(tuple(outcomes), new, (*analysis.crashes, *plans.crashes))


def _key(finding: Finding) -> object:
    return finding.rule, tuple(f'{job.place.file}:{job.name}' for job in finding.containers)


class _Plans:
    """The outcomes of findings, while they are settled."""

    def __init__(self) -> None:
        self.outcomes: dict[object, Outcome] = {}
        self.crashes: list[str] = []
        self.targets: set[str] = set()  # files with jobs that are rewritten

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
            fixed = finding._replace(fix=', '.join(draft.does for draft in own))
            files = sorted({path for draft in own for path in draft.edits})
            risk = next((risk for draft in own for risk in draft.risks), '')
            self.outcomes[_key(finding)] = Outcome(fixed, tuple(files), risk)
            self.targets.update(draft.target.file for draft in own)
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
        self.outcomes[_key(finding)] = Outcome(finding._replace(no_fix=reason))
