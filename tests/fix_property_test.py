"""Generated pipelines: what the fix promises holds for each, whatever it does with it."""

from __future__ import annotations

import re
from pathlib import Path

from kaniko_hooks.analysis import analyse
from kaniko_hooks.ci.gitlab import read_pipeline
from kaniko_hooks.ci.gitlab.values import plain
from kaniko_hooks.fix.plan import FixPlan, plan_fixes
from kaniko_hooks.fix.write import write_all
from kaniko_hooks.options import Options
from kaniko_hooks.repository import Repository
from tests.judge.generate import generate

CI = '.gitlab-ci.yml'
SEEDS = range(40)


def test_generated_pipelines_are_fixed_or_left_alone(tmp_path: Path) -> None:
    fixed = [is_fixed(tmp_path / str(seed), generate(seed)) for seed in SEEDS]
    assert sum(fixed) > 20


def is_fixed(root: Path, files: dict[str, str]) -> bool:
    """Fix a repository and compare it with what it was; False if it is left alone."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content.encode())
    destinations, jobs = destinations_of(root), read_pipeline(root).jobs
    plan = plan_fixes(Repository(str(root)), [CI], Options())
    assert plan.crashes == ()
    write_all(Repository(str(root)), plan.new)
    before, after = files[CI], (root / CI).read_bytes().decode()
    if not plan.new:
        assert after == before
        assert all(outcome.finding.no_fix for outcome in plan.outcomes)
        return False
    assert analyse(Repository(str(root)), [CI], Options()).result.findings == ()
    assert plan_fixes(Repository(str(root)), [CI], Options()) == FixPlan((), {})
    # Of a matrix only one cell is shown.
    has_loop = re.search('for (x|spec) in', ''.join(files.values()))
    assert has_loop or destinations_of(root) == destinations
    assert plain(read_pipeline(root).jobs['compile'].table) == plain(jobs['compile'].table)
    assert outside(after) == outside(before)
    return True


def destinations_of(root: Path) -> set[str]:
    """All names that the builds push to."""
    result = analyse(Repository(str(root)), [CI], Options(format='json')).result
    return {
        name
        for _, run in result.containers
        for execution in run.executions
        for name in execution.build.flags.destinations
    }


def outside(text: str) -> list[str]:
    """The lines before the job that is rewritten, and the last one, which names no job."""
    lines = text.splitlines(keepends=True)
    first = next(index for index, line in enumerate(lines) if line.startswith('compile:'))
    return [*lines[: first + 6], lines[-1]]
