"""No network, no process but `git ls-files`, nothing outside the repository."""
from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Runs a hook with every audited event on record; a hook cannot take it out again.
_AUDITED = '''
import json, os, sys
events = []
def hook(event, arguments):
    if event == 'open':
        path, mode, flags = arguments
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC)
        events.append(('write' if writes else 'read', os.path.abspath(os.fsdecode(path))
                       if isinstance(path, (str, bytes)) else str(path)))
    elif event.partition('.')[0] in ('socket', 'subprocess', 'pty', 'urllib', 'ftplib', 'smtplib'):
        events.append((event, repr(arguments[1] if len(arguments) > 1 else arguments)))
    elif event in ('os.system', 'os.exec', 'os.posix_spawn', 'os.fork', 'os.startfile'):
        events.append((event, repr(arguments)))
    elif event in ('os.rename', 'os.remove', 'os.chmod', 'os.link', 'os.symlink', 'os.mkdir'):
        events.append((event, os.path.abspath(os.fsdecode(arguments[0]))))
sys.dont_write_bytecode = True
sys.addaudithook(hook)
from kaniko_hooks import {module}
try:
    code = {module}.main(sys.argv[1:])
finally:
    before = list(events)
    print('\\n' + json.dumps([code, before]))
'''


def audited(module: str, folder: Path, *argv: str) -> tuple[int, list[tuple[str, str]]]:
    done = subprocess.run(
        (sys.executable, '-c', _AUDITED.replace('{module}', module), *argv),
        cwd=folder, text=True, capture_output=True, timeout=300,
    )
    assert 'Traceback' not in done.stderr, done.stderr
    code, events = json.loads(done.stdout.splitlines()[-1])
    return code, [(event, what) for event, what in events]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository that invites to leave it, below a folder with secrets."""
    folder = tmp_path / 'repository'
    shutil.copytree(ROOT / 'tests/cases', folder / 'cases')
    shutil.copy(ROOT / 'examples/bad/.gitlab-ci.yml', folder / 'bad.gitlab-ci.yml')
    (tmp_path / 'secret.yml').write_text('a: {script: [/kaniko/executor]}\n')
    (tmp_path / 'secret.sh').write_text('/kaniko/executor --cache\n/kaniko/executor --cache\n')
    (folder / 'link.yml').symlink_to('../secret.yml')
    (folder / 'link.sh').symlink_to('../secret.sh')
    (folder / '.gitlab-ci.yml').write_text("""\
include:
  - local: ../secret.yml
  - local: link.yml
  - https://example.com/a.yml
  - project: other/project
    file: a.yml
images:
  script:
    - sh ../secret.sh
    - ./link.sh
    - . /etc/profile
    - cd .. && sh secret.sh
    - /kaniko/executor --cache -d a
    - /kaniko/executor --cache -d b
""")
    subprocess.run(('git', 'init', '-q'), cwd=folder, check=True)
    subprocess.run(('git', 'add', '-A'), cwd=folder, check=True)
    return folder


def outside(events: list[tuple[str, str]], kind: str, folder: Path) -> set[str]:
    return {
        what for event, what in events
        if event == kind and not what.startswith((str(folder) + '/', '/dev/null'))
    }


@pytest.mark.parametrize('module', ('check_kaniko_builds', 'fix_kaniko_builds'))
def test_named_files(module: str, repository: Path) -> None:
    argv = [str(path) for path in sorted(repository.rglob('*.y*ml')) if path.is_file()]
    code, events = audited(module, repository, *argv)
    assert code == 1
    others = {event for event, _ in events} - {'read', 'write'}
    assert not [event for event in others if not event.startswith('os.')], others
    assert outside(events, 'write', repository) == set()
    for event in ('os.rename', 'os.remove', 'os.chmod', 'os.mkdir'):
        assert outside(events, event, repository) == set()
    assert not {what for _, what in events if 'secret' in what or what == '/etc/profile'}


def test_whole_repository_asks_git_for_its_files_only(repository: Path) -> None:
    _, events = audited('check_kaniko_builds', repository)
    started = [what for event, what in events if event == 'subprocess.Popen']
    assert [what.strip('[]()') for what in started] == ["'git', 'ls-files', '-z'"]
    assert not [event for event, _ in events if event.startswith('socket')]
    assert outside(events, 'write', repository) == set()
    assert not {what for _, what in events if 'secret' in what}
