"""Files, names and arguments that mean harm, through the real command."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Write
from tests.hostile import BUILDS, CI, HOOKS, both, hook, hooks

pytestmark = pytest.mark.slow

JOB = 'job:\n' + BUILDS


def test_links_and_pipes(write: Write) -> None:
    root = write({CI: 'include: [loop.yml, pipe.yml, folder.yml, "link/**.yml"]\njob:\n' + BUILDS})
    (root / 'loop.yml').symlink_to('loop.yml')
    (root / 'link').symlink_to('.')
    (root / 'folder.yml').mkdir()
    os.mkfifo(root / 'pipe.yml')
    for code, output in both(root, CI, 'loop.yml', 'pipe.yml'):
        assert code == 1
        assert 'pipe.yml: is not a regular file' in output
        assert 'loop.yml: ' in output


@pytest.mark.parametrize('kind', ('pipe', 'loop', 'folder', 'device', 'dangling'))
def test_root_pipeline_is_no_file(kind: str, write: Write) -> None:
    root = write({'a.yml': 'kaniko: 1\n', 'a.sh': '/kaniko/executor\n'})
    make: dict[str, Callable[[Path], None]] = {
        'pipe': os.mkfifo,
        'folder': os.mkdir,
        'loop': lambda path: os.symlink(CI, path),
        'device': lambda path: os.symlink('/dev/zero', path),
        'dangling': lambda path: os.symlink('nothing', path),
    }
    make[kind](root / CI)
    for folder in ('.github/workflows', '.circleci'):
        (root / folder).mkdir(parents=True)
        os.mkfifo(root / folder / 'config.yml')
    for code, _ in both(root, CI, '.circleci/config.yml'):
        assert code == 1
    both(root, 'a.yml', 'a.sh')
    hook('check_kaniko_builds', root)


def somebody(root: Path) -> int | None:
    """A user who is not root and gets to the folder; None for who runs the tests."""
    if os.getuid() != 0:
        return None
    top = Path(tempfile.gettempdir())
    for folder in (root, *root.parents):
        if top in folder.parents:
            folder.chmod(folder.stat().st_mode | 0o055)
    return 65534


def test_no_permission(write: Write) -> None:
    """Root may read all files, so that somebody else has to ask then."""
    root = write(
        {
            CI: 'include: [secret.yml]\n' + JOB,
            'secret.yml': 'kaniko: 1\n',
            'closed/b.yml': 'kaniko: 1\n',
            'a.sh': '/kaniko/executor\n',
        }
    )
    for path in ('secret.yml', 'closed', 'a.sh'):
        (root / path).chmod(0)
    user = somebody(root)
    before = (root / CI).read_bytes()
    for code, output in both(root, CI, 'secret.yml', 'closed/b.yml', 'a.sh', user=user):
        assert code == 1
        assert 'secret.yml: permission denied' in output
    if user is not None:
        assert (root / CI).read_bytes() == before
    (root / 'closed').chmod(0o755)


def test_folder_without_permission_to_write(write: Write) -> None:
    """Root may write anywhere, so that somebody else has to try then."""
    root = write({CI: JOB})
    user = somebody(root)
    (root / CI).chmod(0o666)
    root.chmod(0o555)
    (check, _), (code, output) = both(root, CI, user=user)
    root.chmod(0o755)
    assert (code, check, (root / CI).read_text()) == (1, 1, JOB)
    assert f'{CI}: permission denied' in output


def test_scripts_in_a_circle(write: Write) -> None:
    root = write(
        {
            CI: 'job:\n  script:\n    - ./a.sh\n    - sh b.sh\n',
            'a.sh': '. ./b.sh\n/kaniko/executor --cache -d a\n',
            'b.sh': '. ./a.sh\n./b.sh\n/kaniko/executor --cache -d b\n',
        }
    )
    code, output = hook('check_kaniko_builds', root, CI)
    assert code == 1
    assert 'cached-builds-share-container' in output


def test_storm_of_scripts(write: Write) -> None:
    files = {f's{n}.sh': f'sh s{n + 1}.sh\n' * 30 for n in range(7)}
    root = write(
        {**files, CI: 'job:\n  script: [sh s0.sh]\n', 's7.sh': '/kaniko/executor --cache -d x\n'}
    )
    code, output = hook('check_kaniko_builds', root, CI)
    assert (code, 'many Kaniko builds' in output) == (1, True)


@pytest.mark.parametrize('size', (100_000, 2_000_000, 20_000_000))
def test_long_script(size: int, write: Write) -> None:
    root = write(
        {
            CI: 'job:\n  script: [sh a.sh]\n',
            'a.sh': ': a line of a script\n' * (size // 21) + '/kaniko/executor --cache -d x\n' * 2,
        }
    )
    code, output = hook('check_kaniko_builds', root, CI)
    reports = {
        100_000: 'cached-builds-share-container',
        2_000_000: 'job: the script is too large to be evaluated',
    }
    assert code == (1 if size in reports else 0)
    assert reports.get(size, '') in output


@pytest.mark.parametrize('include', ('every', '"**/*.yml"'))
def test_storm_of_includes(include: str, write: Write) -> None:
    """Each of 150 files includes all of them."""
    files = [f'i{n}.yml' for n in range(150)]
    every = str(files) if include == 'every' else include
    root = write(
        {
            **{name: f'include: {every}\nj{name}:\n{BUILDS}' for name in files},
            CI: f'include: {every}\n{JOB}',
        }
    )
    (code, _), _ = both(root, CI, files[0])
    assert code == 1


def test_storm_of_children(write: Write) -> None:
    child = ''.join(f'c{n}:\n  trigger: {{include: [c{n}.yml]}}\n' for n in range(60))
    root = write({CI: child, **{f'c{n}.yml': child + JOB for n in range(60)}})
    code, _ = hook('check_kaniko_builds', root, CI, 'c0.yml')
    assert code == 1


NAMES = (
    'new\nline.yml',
    'bell\x07.yml',
    b'byte\xff.yml',
    '-d.yml',
    '--strict.yml',
    'a b.yml',
    '$HOME.yml',
    '\u202eabc.yml',
    'ünï.yml',
    '*.yml',
    '~.yml',
    'a\\b.yml',
    '%s{}.yml',
    '.yml',
    'x' * 251 + '.yml',
)


@pytest.mark.parametrize('name', NAMES, ids=ascii)
def test_odd_names(name: str | bytes, write: Write) -> None:
    named = os.fsdecode(name)
    root = write({CI: JOB})
    (root / named).write_text(f'image: kaniko\nstages: [a]\n{JOB}')
    path, check = './' + named, 'check_kaniko_builds'
    calls = [
        ('fix_kaniko_builds', '--diff', path),
        (check, path),
        (check,),
        (check, f'--gitlab-config={named}', CI),
    ]
    calls += [(check, '--format', form, path) for form in ('json', 'gitlab', 'sarif')]
    for (module, *_), (code, output) in zip(calls, hooks(root, *calls)):
        # The file may be in no pipeline.
        assert code == 1 or module == 'fix_kaniko_builds'
        assert '\x07' not in output and '\u202e' not in output and 'new\nline' not in output


@pytest.mark.parametrize(
    'config',
    (
        '',
        '.',
        '/',
        '..',
        '../x.yml',
        '/etc/passwd',
        'a/../' + CI,
        './' + CI,
        CI + '/',
        'no.yml',
        'a\nb',
        '\udcff',
        '.git',
        'x' * 5_000,
        '/dev/zero',
        'pipe.yml',
        '-',
    ),
    ids=lambda config: ascii(config[:20]),
)
def test_odd_values_of_gitlab_config(config: str, write: Write) -> None:
    root = write({CI: JOB})
    os.mkfifo(root / 'pipe.yml')
    for code, output in both(root, f'--gitlab-config={config}', CI):
        assert code == 1
        assert 'root:' not in output


def test_very_many_arguments(write: Write) -> None:
    root = write({CI: JOB, 'a.yml': 'x: 1\n'})
    for module in HOOKS:
        code, output = hook(module, root, CI, *['a.yml'] * 10_000, *['no.yml'] * 3)
        assert code == 1
        assert 'no.yml: no such file' in output


@pytest.mark.parametrize('git', ('bare', 'broken file', 'empty folder', 'missing', 'loop'))
def test_odd_repositories(git: str, write: Write) -> None:
    root = write({CI: JOB})
    (root / '.git').rmdir()
    if git == 'bare':
        subprocess.run(('git', 'init', '-q', '--bare', '.'), cwd=root, check=True)
    elif git == 'broken file':
        (root / '.git').write_text('gitdir: /nowhere/\0\n')
    elif git == 'empty folder':
        (root / '.git').mkdir()
    elif git == 'loop':
        (root / '.git').symlink_to('.git')
    # Without a work tree git tracks nothing.
    calls = [(CI,)] if git == 'bare' else [(CI,), (), ('.',)]
    for code, output in hooks(root, *(('check_kaniko_builds', *argv) for argv in calls)):
        assert (code, 'cached-builds-share-container' in output) == (1, True)
    code, _ = hook('fix_kaniko_builds', root, CI)
    assert code == 1
    assert (root / CI).read_text() != JOB


def test_file_that_changes_while_it_is_read(write: Write) -> None:
    """Whatever the hooks see of it, there is one whole text in the end."""
    texts = [JOB.encode(), b'kaniko: [', b'', b'executor: \xff']
    root = write({CI: texts[0]})
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            for text in texts:
                (root / CI).write_bytes(text)
            (root / CI).unlink()

    writer = threading.Thread(target=change)
    writer.start()
    try:
        for _ in range(4):
            both(root, *[CI] * 5)
    finally:
        stop.set()
        writer.join()
    assert [path.name for path in root.iterdir() if path.name.endswith('.tmp')] == []


def test_fix_keeps_owner(write: Write) -> None:
    """Only root may give a file away; others are its owner already, or of its group."""
    root = write({CI: JOB})
    owner = (65534, 65534) if os.getuid() == 0 else (os.getuid(), os.getgid())
    os.chown(root / CI, *owner)
    hook('fix_kaniko_builds', root, CI)
    stat = (root / CI).stat()
    assert (root / CI).read_text() != JOB
    assert (stat.st_uid, stat.st_gid) == owner
