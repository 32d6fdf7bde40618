"""Folders of cases: files before, and after or the reason why nothing changes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kaniko_hooks.analysis import analyse
from kaniko_hooks.fix.plan import FixPlan, plan_fixes
from kaniko_hooks.fix.write import write_all
from kaniko_hooks.options import Options
from kaniko_hooks.repository import Repository
from tests.golden.record import contents

CASES = Path(__file__).parent / 'cases' / 'fix'


def folders(kind: str) -> list[Path]:
    return sorted(path for path in (CASES / kind).iterdir() if path.is_dir())


def named(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob('*.yml') if path.is_file()
    )


def copied(case: Path, to: Path) -> Path:
    return Path(shutil.copytree(case / 'before', to, dirs_exist_ok=True))


def options(case: Path) -> Options:
    file = case / 'options'
    words = file.read_text().split() if file.exists() else []
    return Options(unsafe='--unsafe' in words, strict='--strict' in words)


def planned(root: Path, asked: Options) -> FixPlan:
    return plan_fixes(Repository(str(root)), named(root), asked)


def write(root: Path, plan: FixPlan) -> None:
    write_all(Repository(str(root)), plan.new)


@pytest.mark.parametrize('case', folders('noop'), ids=lambda case: case.name)
def test_nothing_to_do(case: Path, tmp_path: Path) -> None:
    plan = planned(copied(case, tmp_path), options(case))
    assert plan == FixPlan((), {})


@pytest.mark.parametrize('case', folders('refused'), ids=lambda case: case.name)
def test_refused_with_its_reason(case: Path, tmp_path: Path) -> None:
    root = copied(case, tmp_path)
    plan = planned(root, options(case))
    assert [outcome.finding.no_fix for outcome in plan.outcomes] == (
        case / 'reason'
    ).read_text().splitlines()
    assert (plan.new, plan.crashes) == ({}, ())
    assert all('\n' not in (outcome.finding.no_fix or '') for outcome in plan.outcomes)


def test_the_check_gives_the_same_reason(tmp_path: Path) -> None:
    for case in folders('refused')[::20]:
        root = copied(case, tmp_path / case.name)
        repository = Repository(str(root))
        analysis = analyse(repository, named(root), options(case))
        outcomes = plan_fixes(repository, named(root), options(case), analysis).outcomes
        reasons = (case / 'reason').read_text().splitlines()
        assert [outcome.finding.no_fix for outcome in outcomes] == reasons


@pytest.mark.parametrize('case', folders('rewritten'), ids=lambda case: case.name)
def test_rewritten_as_expected(case: Path, tmp_path: Path) -> None:
    root = copied(case, tmp_path)
    plan = planned(root, options(case))
    write(root, plan)
    assert contents(root) == contents(case / 'after')
    assert plan.crashes == ()
    # A second run changes nothing, and the check passes.
    assert planned(root, options(case)) == FixPlan((), {})
    assert analyse(Repository(str(root)), named(root), options(case)).result.findings == ()


@pytest.mark.slow
@pytest.mark.parametrize('case', folders('rewritten'), ids=lambda case: case.name)
def test_line_ends_make_no_difference(case: Path, tmp_path: Path) -> None:
    root = copied(case, tmp_path)
    for path in named(root):
        (root / path).write_bytes(with_crlf((root / path).read_bytes()))
    write(root, planned(root, options(case)))
    for path in named(root):
        assert (root / path).read_bytes() == with_crlf((case / 'after' / path).read_bytes())


def with_crlf(data: bytes) -> bytes:
    return re.sub(b'\r\n|\n', b'\r\n', data)


@pytest.mark.slow
def test_rewritten_files_are_valid_for_gitlabs_schema() -> None:
    command = (
        sys.executable,
        '-m',
        'check_jsonschema',
        '--builtin-schema',
        'vendor.gitlab-ci',
        '--data-transform',
        'gitlab-ci',
        '--output-format',
        'json',
    )
    files = [str(path) for path in roots()]
    done = subprocess.run((*command, *files), capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)['status'] == 'ok', done.stdout
    assert len(files) > 40


def roots() -> Iterator[Path]:
    for case in folders('rewritten'):
        for path in (case / 'after').rglob('*.yml'):
            # The schema has no header documents.
            if not path.read_bytes().startswith(b'spec:'):
                yield path
