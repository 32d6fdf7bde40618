from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from kaniko_hooks import prefilter
from kaniko_hooks.mentions import may_matter
from kaniko_hooks.prefilter import nothing_matters, repository_root
from kaniko_hooks.repository import Repository
from tests.conftest import Write

KANIKO = 'a: [/kaniko/executor]\n'


@pytest.mark.parametrize(
    ('argv', 'texts'),
    (
        pytest.param(['a.yml'], {'a.yml': 'x: y\n'}, id='no Kaniko'),
        pytest.param(['--strict', 'a.yml'], {'a.yml': 'x: y\n'}, id='harmless flag'),
        pytest.param(['a.yml'], {'a.yml': 'include: b\n'}, id='include, but no CI file'),
        pytest.param(
            ['--gitlab-config', 'ci/b.yml', '--strict', 'a.yml', '--gitlab-config=c.yml'],
            {'a.yml': 'x: y\n', 'ci/b.yml': 'x: y\n', 'c.yml': 'x: y\n'},
            id='further roots',
        ),
        pytest.param(
            ['.gitlab-ci.yml'],
            {'.gitlab-ci.yml': 'a: {script: [make image]}\n'},
            id='pipeline that runs no script',
        ),
        pytest.param(
            ['.gitlab-ci.yml'],
            {'.gitlab-ci.yml': 'a: {image: registry/x, script: [make]}\n', 'y/x': ''},
            id='a path that is no file',
        ),
        pytest.param(
            ['.gitlab-ci.yml'],
            {'.gitlab-ci.yml': 'a: {script: [cd x, y/z, $A/$B]}\n', 'w': ''},
            id='no file there',
        ),
        pytest.param(
            ['a.sh'],
            {'a.sh': 'make\n', '.github/workflows/a.yml': 'uses: x\n'},
            id='script in a repository without Kaniko',
        ),
    ),
)
def test_nothing_matters(argv: list[str], texts: Mapping[str, str], write: Write) -> None:
    write(texts)
    assert nothing_matters(argv)


@pytest.mark.parametrize(
    ('argv', 'texts'),
    (
        pytest.param([], {}, id='no paths'),
        pytest.param(['--format', 'json', 'a.yml'], {'a.yml': 'x: y\n'}, id='a report is due'),
        pytest.param(['a.yml'], {'a.yml': KANIKO}, id='Kaniko'),
        pytest.param(['a.yml'], {'a.yml': 'a: [executor -d x]\n'}, id='bare executor'),
        pytest.param(
            ['a.yml'], {'a.yml': 'x: y\n', '.gitlab-ci.yml': KANIKO}, id='Kaniko in the pipeline'
        ),
        pytest.param(
            ['a.yml'],
            {'a.yml': 'x: y\n', '.gitlab-ci.yml': 'include: b.yml\n'},
            id='pipeline with include',
        ),
        pytest.param(
            ['.github/workflows/a.yml'],
            {'.github/workflows/a.yml': 'uses: ./b\n'},
            id='composite action',
        ),
        pytest.param(
            ['.gitlab-ci.yml'], {'.gitlab-ci.yml': 'a: {script: [sh build]}\n'}, id='sh file'
        ),
        pytest.param(
            ['.gitlab-ci.yml'],
            {'.gitlab-ci.yml': 'a: {script: ["$CI_PROJECT_DIR/ci/build all"]}\n', 'ci/build': ''},
            id='script by its path',
        ),
        *(
            pytest.param(
                ['.gitlab-ci.yml'],
                {
                    '.gitlab-ci.yml': f'a:\n  script:\n    - {text}\n',
                    'ci/bin/build': '',
                    'ci/j': '',
                    'build': '',
                },
                id=text,
            )
            for text in (
                'cd ci && bin/build',
                '{cd: "$CI_PROJECT_DIR/ci", run: bin/build}',
                'ci/bin/$NAME',
                'D=ci; $D/j',
                'S=ci/j; $S',
                'cat build|bash',
                'bash<build',
                "'. build'",
                'source\tbuild',
            )
        ),
        *(
            pytest.param([path], {path: 'commands: [sh build]\n'}, id=path)
            for path in ('.vela/a.yml', '.codefresh/a.yml', '.prow/a.yaml', '.crow/a.yaml')
        ),
        pytest.param(
            ['a.sh'],
            {'a.sh': './b.sh\n', 'b.sh': 'kaniko\n', '.drone.yml': 'commands: [sh a.sh]\n'},
            id='script between a pipeline and a build',
        ),
        pytest.param(
            ['a.sh'],
            {'a.sh': 'F=--cache\n', '.circleci/config.yml': KANIKO},
            id='script of a system with Kaniko',
        ),
        pytest.param(
            ['a/action.yml'],
            {'a/action.yml': 'runs: {}\n', '.github/workflows/a.yml': KANIKO},
            id='action of a system with Kaniko',
        ),
        *(
            pytest.param(
                [*options, 'a.yml'],
                {'a.yml': 'x: y\n', 'b.yml': KANIKO, 'ci/b.yml': 'include: a.yml\n'},
                id=' '.join(options),
            )
            for options in (
                ['--gitlab-config', 'b.yml'],
                ['--gitlab-config=b.yml'],
                ['--gitlab-config', 'a.yml', '--gitlab-config', 'ci/b.yml'],
                ['--gitlab-config', 'missing.yml'],
                ['--gitlab-config='],
                ['--gitlab-config=-'],
                ['--gitlab-config', '--strict'],
                ['--gitlab-configs=a.yml'],
            )
        ),
        pytest.param(['a.yml', '--gitlab-config'], {'a.yml': 'x: y\n'}, id='no value'),
        pytest.param(['--diff', 'a.yml'], {'a.yml': 'x: y\n'}, id="the other hook's"),
        pytest.param(['--', 'a.yml'], {'a.yml': 'x: y\n'}, id='dashes'),
        pytest.param(['folder'], {'folder/a.yml': ''}, id='directory'),
        pytest.param(['missing.yml'], {}, id='missing'),
        pytest.param(['nul\0.yml'], {}, id='impossible name'),
    ),
)
def test_something_may_matter(argv: list[str], texts: Mapping[str, str], write: Write) -> None:
    write(texts)
    assert not nothing_matters(argv)


def test_unreadable_file_is_left_to_the_real_reading(write: Write) -> None:
    root = write({'a.yml': 'x: y\n'})
    os.mkfifo(root / 'pipe.yml')
    assert not nothing_matters(['pipe.yml'])
    # It is a regular file that can be opened, but reading its start fails.
    assert not nothing_matters(['/proc/self/mem'])


def test_large_file_is_left_to_the_real_reading(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefilter, 'MAX_BYTES', 3)
    write({'a.yml': 'x: ', 'b.yml': 'x: y'})
    assert nothing_matters(['a.yml'])
    assert not nothing_matters(['b.yml'])


def test_without_a_working_directory_all_is_left_to_the_real_reading(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write({'x/a.yml': 'x: y\n'}) / 'x'
    monkeypatch.chdir(folder)
    (folder / 'a.yml').unlink()
    folder.rmdir()
    assert not nothing_matters(['a.yml'])


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        ('make', False),
        ('other', False),
        ('other ./api-$X', False),
        ('run', True),
        ('x/$A', True),
        ('ci/bin/$NAME', True),
        ('uses: ./actions/images', True),
        ('./build-$X.sh', True),
        ('${X}-api.sh', True),
        ('$A/$B', False),
        ('q/$X', False),
        ('sh -e $X', True),
        ('./$X', True),
        ('data.py', False),
        ('broken', True),
        ('# kaniko', False),
    ),
)
def test_texts_that_lead_to_kaniko(script: str, expected: bool, write: Write) -> None:
    paths = ('ci/bin/build', 'build-api.sh', 'q/x/last', 'x/run', 'actions/images/action.yml')
    root = write(dict.fromkeys(paths, 'kaniko\n'))
    write({'other': 'make api-$X\n', 'data.py': 'run\n', 'a.yml': f'a:\n  script:\n  {script}\n'})
    (root / 'broken').symlink_to('/etc/passwd')
    assert may_matter(Repository(str(root)), ['a.yml'], []) is expected


def test_root_is_where_git_is(write: Write) -> None:
    root = write({'a/b/c.yml': ''})
    assert repository_root('a/b/c.yml') == str(root)


def test_root_without_git_is_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert repository_root('a/b/c.yml') == str(tmp_path)
    (tmp_path / 'a').mkdir()
    monkeypatch.chdir(tmp_path / 'a')
    assert repository_root('../b/c.yml') == str(tmp_path / 'b')
