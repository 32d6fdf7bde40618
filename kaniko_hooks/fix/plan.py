"""All findings of the named files -> what is rewritten, and why the rest is not."""
from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from kaniko_hooks.analysis import analyse
from kaniko_hooks.fix.attempt import attempt
from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.internal_error import internal_error
from kaniko_hooks.model import Finding
from kaniko_hooks.options import Options
from kaniko_hooks.project import Repository
from kaniko_hooks.rule import CACHED
from kaniko_hooks.rule import UNCACHED


class Outcome(NamedTuple):
    """What becomes of one finding.

    - `fix`: what is done, `no_fix`: why nothing is; one of them is None, and
      both are for a rule that is not about builds.
    - `files`: the files that the fix changes.
    """

    finding: Finding
    fix: str | None
    no_fix: str | None
    files: tuple[str, ...] = ()


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
    """Every finding of the named files with its fix; nothing is written.

    Each fix is made on the texts that the one before it has left, and proven.
    """
    analysis = analyse(repository, named, options)
    return _plan(repository, named, options, analysis.result.findings, analysis.crashes)


def with_fixes(
        repository: Repository, named: Sequence[str], options: Options,
        findings: Sequence[Finding],
) -> tuple[Finding, ...]:
    """The findings with `fix` or `no_fix` told, as the fix hook would act by default."""
    plan = _plan(repository, named, options, findings, ())
    return tuple(
        each.finding._replace(fix=each.fix, no_fix=each.no_fix) for each in plan.outcomes
    )


def _plan(
        repository: Repository, named: Sequence[str], options: Options,
        findings: Sequence[Finding], crashes: Sequence[str],
) -> FixPlan:
    edited: dict[str, str] = {}
    now = {_key(each): each for each in findings}
    outcomes: list[Outcome] = []
    crashed = list(crashes)
    for finding in findings:
        if finding.rule not in (CACHED, UNCACHED):
            outcomes.append(Outcome(finding, None, None))
            continue
        if _key(finding) not in now:
            # The same job, found a second time with other variables.
            outcomes.append(Outcome(finding, 'fix-kaniko-builds rewrites its job', None))
            continue
        try:
            outcome, texts = _outcome(
                repository.root, edited, named, options, finding, now[_key(finding)],
            )
        except Exception as error:
            crashed.append(internal_error(finding.place.file, error))
            outcome, texts = Outcome(finding, None, 'an internal error'), {}
        if texts:
            edited.update(texts)
            after = analyse(Repository(repository.root, edited), named, options)
            now = {_key(each): each for each in after.result.findings}
        outcomes.append(outcome)
    old = {path: repository.known_text(path) for path in edited}
    return FixPlan(tuple(outcomes), _groups(outcomes, edited), old, tuple(crashed))


def _key(finding: Finding) -> tuple[str, tuple[str, ...]]:
    return finding.rule, tuple(f'{each.place.file}:{each.name}' for each in finding.containers)


def _outcome(
        root: str, edited: Mapping[str, str], named: Sequence[str], options: Options,
        finding: Finding, current: Finding,
) -> tuple[Outcome, Mapping[str, str]]:
    try:
        rewrite = attempt(root, edited, named, options, current)
    except Refusal as refusal:
        return Outcome(finding, None, str(refusal)), {}
    does = f'fix-kaniko-builds {rewrite.does}'
    return Outcome(finding, does, None, tuple(sorted(rewrite.texts))), rewrite.texts


def _groups(
        outcomes: Sequence[Outcome], edited: Mapping[str, str],
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
