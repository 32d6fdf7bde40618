"""The fix as a user calls it: arguments in, files, exit code and text out."""

from __future__ import annotations

import pytest

from kaniko_hooks import check_kaniko_builds
from kaniko_hooks.fix_kaniko_builds import main
from tests.check_kaniko_builds_test import CI, TWO, build, pipeline
from tests.conftest import Write

REFUSED = pipeline(build('shop'), 'make tests', build('mail'))


def test_noop(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    root = write({CI: pipeline(build('shop'))})
    assert main([CI]) == 0
    assert capsys.readouterr() == ('', '')
    assert (root / CI).read_text() == pipeline(build('shop'))


def test_rewrites_and_is_done(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    root = write({CI: TWO})
    assert main([CI]) == 1
    assert capsys.readouterr() == (
        '',
        f'{CI}: split `images` into 2 jobs: `image-shop`, `image-mail`; review and git add\n',
    )
    assert (root / CI).read_text().startswith('.image:\n')
    assert main([CI]) == 0
    assert check_kaniko_builds.main([CI]) == 0


def test_refusal(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    root = write({CI: REFUSED})
    assert main([CI]) == 0
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith(
        f'{CI}:6:7: job `images` runs 2 Kaniko builds in one container, with the cache on; '
        'not rewritten: '
    )
    assert err.count('\n') == 1
    assert (root / CI).read_text() == REFUSED


def test_a_pipeline_that_gitlab_refuses(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write({CI: f'include: [local: x.yml]\n{TWO}'})
    assert main([CI]) == 0
    problem, refusal = capsys.readouterr().err.splitlines()
    assert problem.startswith(f'{CI}:1:11: unreadable-ci-file: Local file `x.yml` does not exist')
    reason = (
        'its pipeline has parts that cannot be seen here and may name the job; only with --unsafe'
    )
    assert refusal.endswith(f'; not rewritten: {reason}')


def test_diff_writes_nothing(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    root = write({CI: TWO})
    assert main(['--diff', CI]) == 1
    out, err = capsys.readouterr()
    assert '\n+image-shop:\n' in out
    assert err == f'{CI}: would split `images` into 2 jobs: `image-shop`, `image-mail`\n'
    assert (root / CI).read_text() == TWO
    assert main(['--diff', '--color', 'always', CI]) == 1
    assert '\x1b[' in capsys.readouterr().out


def test_diff_of_a_file_with_a_byte_order_mark(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write({CI: f'\ufeff{TWO}'})
    assert main(['--diff', '--color', 'never', CI]) == 1
    assert '\n-\ufeffimages:\n+\ufeff.image:\n' in capsys.readouterr().out
    assert main(['--diff', '--color', 'always', CI]) == 1
    assert 'feff' not in capsys.readouterr().out
    assert (root / CI).read_text() == f'\ufeff{TWO}'


def test_file_that_cannot_be_written(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    root = write({CI: TWO})
    (root / CI).chmod(0o444)
    assert main([CI]) == 1
    assert capsys.readouterr().err == f'{CI}: is read-only\n'
    assert (root / CI).read_text() == TWO


def test_suppressed_builds_are_left_alone(write: Write) -> None:
    text = TWO.replace(
        'images:\n', 'images:  # kaniko-hooks: ignore[cached-builds-share-container] known\n'
    )
    root = write({CI: text})
    assert main([CI]) == 0
    assert (root / CI).read_text() == text


def test_without_path_the_whole_repository(write: Write) -> None:
    root = write({CI: TWO})
    (root / '.git').rmdir()
    assert main([]) == 1
    assert (root / CI).read_text() != TWO


@pytest.mark.parametrize(
    ('more', 'risk'),
    (
        ('', ''),
        ('  coverage: /x/\n', '; risk: it has a `coverage`, which would count once for every job'),
    ),
)
def test_unsafe_names_the_risk(
    more: str, risk: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write({CI: TWO + more})
    assert main(['--unsafe', CI]) == 1
    assert capsys.readouterr().err == (
        f'{CI}: split `images` into 2 jobs: `image-shop`, `image-mail`{risk}; review and git add\n'
    )


def test_clients_that_stage_what_was_fixed(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write({CI: TWO})
    assert main(['--exit-zero-even-if-changed', CI]) == 0
    assert (root / CI).read_text() != TWO
    assert 'review and git add' in capsys.readouterr().err
    assert main(['--exit-zero-even-if-changed', CI, 'missing.yml']) == 1


def test_file_with_bytes_that_are_not_utf_8_is_left_alone(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    data = b'# caf\xe9\n' + TWO.encode()
    root = write({CI: data})
    assert main([CI]) == 0
    assert f'; not rewritten: {CI} has bytes that are not UTF-8; use ' in capsys.readouterr().err
    assert (root / CI).read_bytes() == data


def test_missing_path(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write({})
    assert main(['missing.yml']) == 1
    assert capsys.readouterr().err == 'missing.yml: no such file\n'


def test_unreadable_file_is_reported(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    root = write({CI: 'kaniko: [\n'})
    assert main([CI]) == 0
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith(f'{CI}:2:1: unreadable-ci-file: not valid YAML: ')
    assert err.count('\n') == 1
    assert (root / CI).read_text() == 'kaniko: [\n'
