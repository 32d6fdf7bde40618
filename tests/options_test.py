from __future__ import annotations

import pytest

from kaniko_hooks.options import Options, parse

CHECK = 'check-kaniko-builds'
FIX = 'fix-kaniko-builds'


@pytest.mark.parametrize(
    ('hook', 'argv', 'expected'),
    (
        pytest.param(CHECK, [], Options(), id='nothing'),
        pytest.param(CHECK, ['a.yml', 'b'], Options(('a.yml', 'b')), id='paths only'),
        pytest.param(
            CHECK,
            ['--strict', '--allow-cleanup', 'a.yml'],
            Options(('a.yml',), strict=True, allow_cleanup=True),
            id='flags',
        ),
        pytest.param(
            CHECK,
            ['--gitlab-config', 'x.yml', '--gitlab-config=./y.yml', '--color', 'never'],
            Options(gitlab_configs=('x.yml', 'y.yml'), color='never'),
            id='repeated option',
        ),
        pytest.param(
            CHECK,
            ['--format', 'sarif', '--output-file', 'o', '--explain', 'bad-suppression'],
            Options(format='sarif', output_file='o', explain='bad-suppression'),
            id='reports',
        ),
        pytest.param(CHECK, ['--', '-a.yml'], Options(('-a.yml',)), id='path like an option'),
        pytest.param(
            FIX,
            ['--unsafe', '--diff', 'a.yml'],
            Options(('a.yml',), unsafe=True, diff=True),
            id='fix',
        ),
    ),
)
def test_parse(hook: str, argv: list[str], expected: Options) -> None:
    assert parse(hook, argv) == expected


@pytest.mark.parametrize(
    ('hook', 'argv', 'said'),
    (
        pytest.param(FIX, [], 'PATH', id='fix without path'),
        pytest.param(FIX, ['--format', 'json', 'a.yml'], '--format', id='fix has no format'),
        pytest.param(CHECK, ['--unsafe'], '--unsafe', id='check has no unsafe'),
        pytest.param(CHECK, ['--stric'], '--stric', id='no abbreviations'),
        pytest.param(CHECK, ['--format', 'xml'], 'xml', id='unknown format'),
        pytest.param(CHECK, ['--explain', 'x'], 'x', id='unknown rule'),
    ),
)
def test_wrong_usage(
    hook: str, argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        parse(hook, argv)
    assert raised.value.code == 2
    err = capsys.readouterr().err
    assert hook in err
    assert said in err


@pytest.mark.parametrize('hook', (CHECK, FIX))
def test_version(hook: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        parse(hook, ['--version'])
    assert raised.value.code == 0
    name, version = capsys.readouterr().out.split()
    assert name == hook
    assert version.count('.') == 2
