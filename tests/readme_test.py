"""Every command and example of the README is executed, and its output compared."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from kaniko_hooks import check_kaniko_builds
from kaniko_hooks.about import explain
from kaniko_hooks.options import RULES

ROOT = Path(__file__).parent.parent
README = (ROOT / 'README.md').read_text()

# Bad and good pipelines stand in blocks whose info string says which they are.
_BLOCK = re.compile(r'^```(?P<kind>[a-z]+)(?: (?P<label>[^\n]+))?\n(?P<text>.*?)^```$', re.M | re.S)


class Block(NamedTuple):
    kind: str
    label: str
    text: str


BLOCKS = [
    Block(match['kind'], match['label'] or '', match['text']) for match in _BLOCK.finditer(README)
]


def labelled(label: str) -> list[str]:
    return [block.text for block in BLOCKS if block.label.split(' ')[0] == label]


def sessions() -> list[str]:
    return [block.text for block in BLOCKS if block.kind == 'console']


@pytest.mark.parametrize('session', sessions(), ids=lambda text: text.splitlines()[0][2:])
def test_session(session: str, tmp_path: Path) -> None:
    """Lines that start with `$` are run in one shell; what follows is what they print."""
    assert play(session, tmp_path) == session


def play(session: str, folder: Path) -> str:
    """The session again, with what its commands print now."""
    shutil.copytree(ROOT / 'examples', folder / 'examples')
    subprocess.run(('git', 'init', '-q'), cwd=folder, check=True)
    commands = [line[2:] for line in session.splitlines() if line.startswith('$ ')]
    script = 'status=0\n' + ''.join(
        f'echo {_quoted("$ " + command)}\n(exit $status); {command}\nstatus=$?\n'
        for command in commands
    )
    path = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
    done = subprocess.run(
        ('bash', '-c', script),
        cwd=folder,
        env={**os.environ, 'PATH': path, 'PRE_COMMIT': ''},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return done.stdout


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


@pytest.mark.parametrize('text', labelled('bad'))
def test_bad_pipeline_is_found(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _check(text, tmp_path, monkeypatch) == 1
    assert 'cached-builds-share-container' in capsys.readouterr().out


@pytest.mark.parametrize('text', labelled('good'))
def test_good_pipeline_passes(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _check(text, tmp_path, monkeypatch) == 0


def _check(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    (folder / '.git').mkdir()
    (folder / '.gitlab-ci.yml').write_text(text)
    monkeypatch.chdir(folder)
    return check_kaniko_builds.main(['.gitlab-ci.yml'])


def test_there_are_examples() -> None:
    assert len(labelled('bad')) >= 4
    assert len(labelled('good')) >= 2
    assert len(sessions()) >= 3


@pytest.mark.parametrize('rule', RULES)
def test_rule_documentation_is_what_explain_prints(rule: str) -> None:
    assert explain(rule) in README


def test_every_hook_is_told_about() -> None:
    hooks = yaml.safe_load((ROOT / '.pre-commit-hooks.yaml').read_text())
    for hook in hooks:
        assert f'`{hook["id"]}`' in README


def test_configuration_names_hooks_that_exist() -> None:
    ids = {hook['id'] for hook in yaml.safe_load((ROOT / '.pre-commit-hooks.yaml').read_text())}
    configurations = [
        yaml.safe_load(block.text)
        for block in BLOCKS
        if block.kind == 'yaml' and block.text.startswith('repos:')
    ]
    assert configurations
    for configuration in configurations:
        assert {hook['id'] for hook in configuration['repos'][0]['hooks']} <= ids


def test_ci_runs_the_test_command() -> None:
    command = next(
        block.text.strip() for block in BLOCKS if block.kind == 'sh' and '.[test]' in block.text
    )
    assert command in (ROOT / '.ci/run').read_text().splitlines()
