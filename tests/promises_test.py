"""No network, no process but `git ls-files`, nothing outside the repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.golden.record import contents

ROOT = Path(__file__).parent.parent

# Runs a hook with every audited event on record; a hook cannot take it out again.
_AUDITED = """
import json, os, sys
events = []
def hook(event, arguments):
    if event == 'open':
        path, mode, flags = arguments
        if isinstance(path, int):
            return  # a file that is open already
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC)
        events.append(('write' if writes else 'read', os.path.abspath(os.fsdecode(path))))
    elif event.partition('.')[0] in ('socket', 'subprocess', 'pty', 'urllib', 'ftplib', 'smtplib'):
        events.append((event, repr(arguments[1] if len(arguments) > 1 else arguments)))
    elif event in ('os.system', 'os.exec', 'os.posix_spawn', 'os.fork', 'os.startfile'):
        events.append((event, repr(arguments)))
    elif event in ('os.rename', 'os.remove', 'os.chmod', 'os.link', 'os.symlink', 'os.mkdir',
                   'os.rmdir', 'os.truncate', 'os.chown', 'os.utime', 'os.setxattr'):
        for path in arguments[:2]:
            if isinstance(path, (str, bytes)):
                events.append((event, os.path.abspath(os.fsdecode(path))))
    elif event in ('os.listdir', 'os.scandir') and isinstance(arguments[0], (str, bytes)):
        events.append(('read', os.path.abspath(os.fsdecode(arguments[0])) + '/'))
sys.dont_write_bytecode = True
sys.addaudithook(hook)
from kaniko_hooks import {module}
try:
    code = {module}.main(sys.argv[1:])
finally:
    before = list(events)
    print('\\n' + json.dumps([code, before]))
"""


def audited(module: str, folder: Path, *argv: str) -> tuple[int, list[tuple[str, str]]]:
    done = subprocess.run(
        (sys.executable, '-c', _AUDITED.replace('{module}', module), *argv),
        cwd=folder,
        text=True,
        capture_output=True,
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
        what
        for event, what in events
        if event == kind
        and what != str(folder)
        and not what.startswith((str(folder) + '/', '/dev/null'))
    }


# Python and this package are read, too.
_OURS = tuple(map(os.path.realpath, (sys.prefix, sys.base_prefix, str(ROOT)))) + (sys.prefix,)


def assert_inside(events: list[tuple[str, str]], repository: Path) -> None:
    """All that is read is in the repository or is Python's; all else is in the repository."""
    for event in {event for event, _ in events} - {'read', 'subprocess.Popen'}:
        assert outside(events, event, repository) == set(), event
    read = outside(events, 'read', repository)
    assert {what for what in read if not what.startswith(_OURS)} == set()


def test_the_audit_sees_what_is_not_promised(tmp_path: Path) -> None:
    seen = []
    for call in (
        "open('/etc/passwd')",
        "os.rename('a', '../b')",
        "os.listdir('/')",
        "__import__('socket').socket()",
        "__import__('subprocess').run('true')",
    ):
        (tmp_path / 'a').touch()
        script = (
            _AUDITED.replace('from kaniko_hooks import {module}', '')
            .replace('{module}.main(sys.argv[1:])', call)
            .replace('[code, before]', '[0, before]')
        )
        done = subprocess.run(
            (sys.executable, '-c', script), cwd=tmp_path, text=True, capture_output=True
        )
        assert done.returncode == 0, done.stderr
        seen.append([tuple(event) for event in json.loads(done.stdout.splitlines()[-1])[1]])
    assert ('read', '/etc/passwd') in seen[0]
    assert ('os.rename', str(tmp_path.parent / 'b')) in seen[1]
    assert ('read', '//') in seen[2] or ('read', '/') in seen[2]
    assert [event for event, _ in seen[3] if event.startswith('socket')]
    assert [event for event, _ in seen[4] if event == 'subprocess.Popen']


def test_fix_writes_its_file_and_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / 'repository'
    shutil.copytree(ROOT / 'examples/bad', root)
    for name in ('api', 'worker'):
        shutil.copytree(ROOT / 'examples' / name, root / 'examples' / name)
    subprocess.run(('git', 'init', '-q'), cwd=root, check=True)
    subprocess.run(('git', 'add', '-A'), cwd=root, check=True)
    before = contents(tmp_path)
    for argv in (('--diff', '.gitlab-ci.yml'), ('.gitlab-ci.yml',)):
        assert contents(tmp_path) == before
        code, events = audited('fix_kaniko_builds', root, *argv)
        assert code == 1
        assert_asks_git_for_files_only(events, root)
    after = contents(tmp_path)
    assert {
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    } == {'repository/.gitlab-ci.yml'}


@pytest.mark.slow
@pytest.mark.parametrize('module', ('check_kaniko_builds', 'fix_kaniko_builds'))
def test_named_files(module: str, repository: Path) -> None:
    argv = [str(path) for path in sorted(repository.rglob('*.y*ml')) if path.is_file()]
    code, events = audited(module, repository, *argv)
    assert code == 1
    assert_asks_git_for_files_only(events, repository)
    assert not {what for _, what in events if what == '/etc/profile'}


@pytest.mark.slow
def test_whole_repository(repository: Path) -> None:
    _, events = audited('check_kaniko_builds', repository)
    assert_asks_git_for_files_only(events, repository)


def assert_asks_git_for_files_only(events: list[tuple[str, str]], repository: Path) -> None:
    started = [what for event, what in events if event == 'subprocess.Popen']
    assert all(what.startswith("['git', ") and "'ls-files', '-z'" in what for what in started)
    assert not [event for event, _ in events if event.startswith('socket')]
    # How Python starts a process.
    assert_inside(
        [event for event in events if event[1] != '/dev/null' and event[0][:8] != 'os.posix'],
        repository,
    )
    assert not {what for _, what in events if 'secret' in what}


@pytest.mark.parametrize(
    'hook', ('check_kaniko_builds', 'check_kaniko_builds --strict', 'fix_kaniko_builds --diff')
)
def test_each_file_is_read_once(hook: str, tmp_path: Path) -> None:
    (tmp_path / '.git').mkdir()
    (tmp_path / '.gitlab-ci.yml').write_text(
        'include: [a.yml, b.yml]\nbuild:\n  script:\n    - ./build.sh\n'
        '    - /kaniko/executor --cache -d a\n    - /kaniko/executor --cache -d b\n'
    )
    (tmp_path / 'a.yml').write_text('a: {script: [/kaniko/executor -d c]}\n')
    (tmp_path / 'b.yml').write_text('b: {script: [make]}\n')
    (tmp_path / 'build.sh').write_text('echo\n')
    module, *options = hook.split()
    named = ['build.sh', '.gitlab-ci.yml', 'a.yml']
    code, events = audited(module, tmp_path, *options, *named)
    opened = Counter(
        os.path.basename(what) for event, what in events if event == 'read' and what[-1] != '/'
    )
    assert code == 1
    # The prefilter reads named files until one matters.
    assert {name: opened[name] for name in (*named, 'b.yml')} == {
        'build.sh': 2,
        '.gitlab-ci.yml': 2,
        'a.yml': 1,
        'b.yml': 1,
    }
