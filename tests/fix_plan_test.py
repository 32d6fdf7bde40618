"""Planning: several findings, what is no build, and mistakes of ours."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kaniko_hooks.analysis import Analysis, Evaluations, analyse
from kaniko_hooks.fix import Refusal, plan
from kaniko_hooks.fix.draft import Draft
from kaniko_hooks.fix.plan import FixPlan, plan_fixes
from kaniko_hooks.fix.proof import prove
from kaniko_hooks.fix.target import State
from kaniko_hooks.model import Finding, Result
from kaniko_hooks.options import Options
from kaniko_hooks.repository import Repository
from tests.conftest import Write

BUILD = '/kaniko/executor --cache --destination $R/'
JOB = f'build:\n  stage: build\n  script:\n    - {BUILD}a\n    - {BUILD}b\n'


def findings(project: Repository) -> tuple[Finding, ...]:
    return analyse(project, ['.gitlab-ci.yml'], Options()).result.findings


def planned(
    project: Repository, *named: str, of: Sequence[Finding] | None = None
) -> tuple[FixPlan, list[Finding]]:
    """The plan for named files, of these findings, and its findings."""
    analysis = None if of is None else Analysis(Result((), tuple(of)), Evaluations(project))
    plan = plan_fixes(project, named or ['.gitlab-ci.yml'], Options(), analysis)
    return plan, [outcome.finding for outcome in plan.outcomes]


def test_an_unreadable_file_has_no_fix_and_no_reason() -> None:
    project = Repository('/nowhere', {'.gitlab-ci.yml': '# kaniko\na: [\n'})
    _, [finding] = planned(project)
    assert (finding.rule, finding.fix, finding.no_fix) == ('unreadable-ci-file', None, None)


def test_a_job_that_is_found_twice_is_fixed_once() -> None:
    project = Repository('/nowhere', {'.gitlab-ci.yml': JOB})
    _, fixed = planned(project, of=findings(project) * 2)
    assert [finding.fix for finding in fixed] == [
        'split `build` into 2 jobs: `build-a`, `build-b`',
        'split `build` into 2 jobs: `build-a`, `build-b`',
    ]


@pytest.mark.parametrize('where', ('drafts_of', 'prove'))
def test_a_mistake_of_ours_costs_one_finding(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Repository('/nowhere', {'.gitlab-ci.yml': JOB})

    def wrong(*_: object) -> Draft:
        raise ValueError('ours')

    monkeypatch.setattr(plan, where, wrong)
    result, left = planned(project)
    assert [finding.no_fix for finding in left] == ['an internal error']
    assert 'ValueError' in result.crashes[0] and result.new == {}


def test_what_cannot_be_proven_costs_no_other_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Repository(
        '/nowhere',
        {
            '.gitlab-ci.yml': ''.join(
                JOB.replace('build:', f'{name}:', 1)
                for name in ('one', 'two', 'three', 'four', 'five')
            )
        },
    )

    def doubtful(before: State, after: State, drafts: Sequence[Draft]) -> None:
        if any(draft.target.name == 'three' for draft in drafts):
            raise Refusal('not proven')
        prove(before, after, drafts)

    monkeypatch.setattr(plan, 'prove', doubtful)
    result, left = planned(project)
    assert [finding.no_fix for finding in left] == [None, None, 'not proven', None, None]
    text = result.new['.gitlab-ci.yml']
    assert 'five-b:' in text and '\nthree:' in text and 'two-a:' in text


def test_a_pipeline_that_is_gone_is_not_rewritten() -> None:
    project = Repository('/nowhere', {'.gitlab-ci.yml': JOB})
    before = findings(project)
    empty = Repository('/nowhere', {'.gitlab-ci.yml': 'a: {script: [ls]}\n'})
    _, fixed = planned(empty, of=before)
    assert [finding.no_fix for finding in fixed] == ['its pipeline cannot be read']


def test_files_that_have_only_followers_are_written_first() -> None:
    project = Repository(
        '/nowhere',
        {
            '.gitlab-ci.yml': 'include: [a.yml, b.yml, z.yml]\n',
            'a.yml': JOB.replace('build:', 'one:', 1),
            'b.yml': JOB.replace('build:', 'two:', 1),
            'z.yml': 'last:\n  needs: [one, two]\n  script: [ls]\n',
        },
    )
    result, _ = planned(project, 'a.yml', 'b.yml', 'z.yml')
    assert [*result.new] == ['z.yml', 'a.yml', 'b.yml']


def test_too_large_a_script_is_left(write: Write) -> None:
    files = {f's{n}.sh': f'sh s{n + 1}.sh\n' * 30 for n in range(7)}
    job = 'job:\n  script: [sh s0.sh]\n'
    root = write({**files, '.gitlab-ci.yml': job, 's7.sh': '/kaniko/executor --cache -d x\n'})
    project = Repository(str(root))
    _, left = planned(project)
    assert [finding.no_fix for finding in left] == ['the script is too large to be evaluated']


def test_a_mistake_of_ours_before_any_draft_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Repository('/nowhere', {'.gitlab-ci.yml': JOB})
    monkeypatch.delattr(plan, 'State')
    result, left = planned(project)
    assert (len(result.crashes), result.new) == (1, {})
    assert [(finding.fix, finding.no_fix) for finding in left] == [(None, None)]


def test_a_child_pipeline_that_cannot_be_read_costs_no_other_job() -> None:
    child = 'child:\n  trigger:\n    include: [{local: a.yml}]\n'
    project = Repository('/nowhere', {'.gitlab-ci.yml': child + JOB, 'a.yml': '# kaniko\na: [\n'})
    _, fixed = planned(project)
    assert [finding.fix for finding in fixed if finding.rule.startswith('cached')] == [
        'split `build` into 2 jobs: `build-a`, `build-b`'
    ]
