"""Rewritten pipelines, resolved by gitlab-ci-local: an oracle that is not ours.

It comes from npm, which is installed beside this interpreter, and is kept in a cache folder.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from kaniko_hooks.ci.gitlab import read_pipeline
from tests.fix_cases_test import CASES, folders

pytestmark = pytest.mark.slow

PACKAGE = 'gitlab-ci-local@4.75.1'
TOOLS = str(Path(sys.executable).parent)
_FETCHED = re.compile(rb'\b(?:remote|template)["\']?: ')  # includes from elsewhere
_DESTINATION = re.compile(r'--destination[ =]([^\s;]+)')


@pytest.fixture(scope='session')
def oracle() -> Path:
    """The folder with gitlab-ci-local's executable."""
    base = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    folder = base / 'kaniko-hooks-tests' / PACKAGE.replace('@', '-')
    tools = folder / 'node_modules' / '.bin'
    if not (tools / 'gitlab-ci-local').exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            (
                f'{TOOLS}/npm',
                'install',
                '--no-audit',
                '--no-fund',
                '--prefix',
                str(folder),
                PACKAGE,
            ),
            check=True,
            capture_output=True,
        )
    return tools


def preview(oracle: Path, case: Path, to: Path) -> Mapping[str, object]:
    """The jobs of a folder's pipeline; the files must be tracked by git."""
    shutil.copytree(case, to)
    subprocess.run(('git', 'init', '-q', '.'), cwd=to, check=True)
    subprocess.run(('git', 'add', '-A'), cwd=to, check=True)
    for path in to.glob('*.yml'):
        # js-yaml takes no byte order mark.
        path.write_bytes(path.read_bytes().removeprefix(b'\xef\xbb\xbf'))
    done = subprocess.run(
        ('gitlab-ci-local', '--preview', '--no-json-schema-validation', '--home', str(to / 'home')),
        cwd=to,
        text=True,
        env={**os.environ, 'PATH': os.pathsep.join((str(oracle), TOOLS, os.environ['PATH']))},
        capture_output=True,
        check=False,
        encoding='utf-8',
    )
    assert done.returncode == 0, f'{case}: {done.stderr}'
    shown = yaml.safe_load(done.stdout)
    assert isinstance(shown, dict)
    return {name: job for name, job in shown.items() if isinstance(job, dict) and 'script' in job}


def scripts(jobs: Mapping[str, object], keyword: str = 'script') -> dict[str, list[str]]:
    return {
        name: [text.strip() for text in job.get(keyword, ())]
        for name, job in jobs.items()
        if isinstance(job, dict)
    }


def test_every_rewritten_pipeline_resolves_to_the_same_commands(
    oracle: Path, tmp_path: Path
) -> None:
    cases = [case for case in folders('rewritten') if is_whole(case / 'after')]
    with ThreadPoolExecutor(max(os.cpu_count() or 1, 2)) as pool:
        shown = pool.map(lambda case: preview(oracle, case / 'after', tmp_path / case.name), cases)
        for case, after in zip(cases, shown):
            resolved = {
                name: [command.text.strip() for command in job.script]
                for name, job in read_pipeline(case / 'after').jobs.items()
                if job.script
            }
            assert resolved == scripts(after), case.name
            before = read_pipeline(case / 'before').jobs.values()
            assert destinations(after) == {
                destination
                for job in before
                for command in (*(job.before_script or ()), *(job.script or ()))
                for destination in _DESTINATION.findall(command.text)
            }, case.name


def is_whole(folder: Path) -> bool:
    """Test for a pipeline that can be resolved without the network."""
    root = folder / '.gitlab-ci.yml'
    return root.exists() and not _FETCHED.search(root.read_bytes())


def destinations(jobs: Mapping[str, object]) -> set[str]:
    return {
        destination
        for keyword in ('before_script', 'script')
        for texts in scripts(jobs, keyword).values()
        for text in texts
        for destination in _DESTINATION.findall(text)
    }


def test_it_would_notice_another_command(oracle: Path, tmp_path: Path) -> None:
    jobs = preview(oracle, CASES / 'rewritten' / 'loop' / 'before', tmp_path / 'loop')
    assert destinations(jobs) == {'"$CI_REGISTRY_IMAGE/$svc:latest"'}
