"""Options, exit codes and streams: whatever fails, a hook ends with a code and at most a line."""

from __future__ import annotations

import importlib
import io
import os
import runpy
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from inspect import CO_GENERATOR
from pathlib import Path
from types import FrameType

import pytest

from kaniko_hooks import check_kaniko_builds, cli, fix_kaniko_builds
from kaniko_hooks.options import CHECK, FIX, RULES, Options, parse
from tests.conftest import Write

CI = '.gitlab-ci.yml'
JOB = (
    'größe:\n  script:\n    - /kaniko/executor --cache -d a\n    - /kaniko/executor --cache -d b\n'
)
INSTALLED = Path(sysconfig.get_path('scripts'))
HOOKS = ('check_kaniko_builds', 'fix_kaniko_builds')


def shell(command: str, folder: Path, environ: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The result of a shell's command; `check` and `fix` are the hooks."""
    functions = [
        f'{module.partition("_")[0]}() {{ \'{sys.executable}\' -m kaniko_hooks.{module} "$@"; }}'
        for module in HOOKS
    ]
    text = '\n'.join([*functions, command])
    done = subprocess.run(
        ('bash', '-c', text),
        cwd=folder,
        capture_output=True,
        env={**os.environ, 'PYTHONUNBUFFERED': '', **(environ or {})},
    )
    output = (done.stdout + done.stderr).decode(errors='backslashreplace')
    assert 'Traceback' not in output and 'Exception ignored' not in output, output
    assert 'internal error' not in output, output
    return done.returncode, output


def in_process(error: BaseException) -> int:
    """The exit code of a check that ends with an exception."""

    def check(options: Options) -> int:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, '_check', check)
        return cli.run(CHECK, [])


@pytest.mark.parametrize(
    ('error', 'code', 'message'),
    (
        pytest.param(BrokenPipeError(32, 'Broken pipe'), 1, '', id='pipe'),
        pytest.param(
            OSError(28, 'No space left on device'),
            2,
            'check-kaniko-builds: error: no space left on device\n',
            id='full',
        ),
        pytest.param(
            OSError(5, 'Input/output error', 'a\x1bb'),
            2,
            'check-kaniko-builds: error: a\\x1bb: input/output error\n',
            id='named',
        ),
        pytest.param(OSError('odd'), 2, 'check-kaniko-builds: error: odd\n', id='no number'),
    ),
)
def test_error(
    error: BaseException, code: int, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch, open(os.devnull, 'w', encoding='utf-8') as out:
        patch.setattr(sys, 'stdout', out)
        assert in_process(error) == code
    assert capfd.readouterr().err == message


def test_mistake_of_ours_asks_for_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert in_process(KeyError('secret')) == 2
    message = capsys.readouterr().err
    assert message.startswith('check-kaniko-builds: internal error: KeyError at tests.cli_test:')
    assert 'please report this' in message and 'secret' not in message


def test_closed_streams(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    write({CI: JOB})
    monkeypatch.setattr(sys, 'stdout', None)
    monkeypatch.setattr(sys, 'stderr', None)
    assert check_kaniko_builds.main([CI]) == 1
    assert in_process(OSError(28, 'No space left on device')) == 2


def test_stream_of_the_callers_own(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    write({CI: JOB})
    stream = io.StringIO()
    monkeypatch.setattr(sys, 'stdout', stream)
    assert check_kaniko_builds.main([CI]) == 1
    assert 'größe' in stream.getvalue()


def test_stderr_that_is_full(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    monkeypatch.delenv('PRE_COMMIT')
    write({'a.yml': 'a: 1\n'})
    for path, code in (('a.yml', 0), ('missing.yml', 1)):
        with open('/dev/full', 'w', buffering=1) as full:
            monkeypatch.setattr(sys, 'stderr', full)
            assert check_kaniko_builds.main([path]) == code


# Ctrl-C while a module is imported.
_IMPORTED = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Finder())
from kaniko_hooks.{module} import main
print(flush=True)
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ('module', 'imported'),
    (
        *(
            (hook, name)
            for hook in HOOKS
            for name in ('kaniko_hooks.prefilter', 'kaniko_hooks.cli', 'yaml')
        ),
        ('check_kaniko_builds', 'kaniko_hooks.report.text'),
        ('fix_kaniko_builds', 'kaniko_hooks.fix.write'),
    ),
)
def test_interrupted_import(module: str, imported: str, write: Write) -> None:
    root = write({CI: JOB})
    done = subprocess.run(
        (sys.executable, '-c', _IMPORTED.replace('{module}', module), imported, CI),
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (130, '')
    assert (root / CI).read_text() == JOB


@pytest.mark.parametrize(
    ('command', 'code', 'part'),
    (
        pytest.param(f'check {CI} | head -c 1; exit ${{PIPESTATUS[0]}}', 1, '', id='head'),
        pytest.param(f'check --format json {CI} | true; exit ${{PIPESTATUS[0]}}', 1, '', id='true'),
        pytest.param(f'fix --diff {CI} | true; exit ${{PIPESTATUS[0]}}', 1, '', id='diff to true'),
        pytest.param(
            f'fix --diff {CI} | head -n 1; exit ${{PIPESTATUS[0]}}', 1, '--- a/', id='diff to head'
        ),
        pytest.param(f'check {CI} >&-', 1, '1 finding', id='stdout closed'),
        pytest.param(f'check {CI} >&- 2>&-', 1, '', id='both closed'),
        pytest.param('PRE_COMMIT= check a.yml 2>/dev/full', 0, '', id='stderr full'),
        pytest.param(
            'mkdir -p x/.git && cd x && touch a.yml && PRE_COMMIT= check a.yml 2>/dev/full',
            0,
            '',
            id='stderr full, nothing to do',
        ),
        pytest.param(f'check {CI} >/dev/full 2>&1', 2, '', id='both full'),
        pytest.param(f'fix --diff {CI} 2>/dev/full', 1, '+++', id='fix, stderr full'),
        pytest.param(f'fix --diff {CI} >&- 2>&- <&-', 1, '', id='all closed'),
        pytest.param(f'check {CI} >/dev/full', 2, 'no space left on device', id='full'),
        pytest.param(f'fix --diff {CI} >/dev/full', 2, 'no space left on device', id='fix, full'),
        pytest.param(
            f'mkdir x && cd x && rmdir ../x && check ../{CI}', 2, 'no such file', id='no folder'
        ),
        pytest.param(
            f'mkdir x && cd x && rmdir ../x && check "$OLDPWD/{CI}"',
            1,
            'cached-',
            id='no folder, absolute path',
        ),
        pytest.param('mkdir x && cd x && rmdir ../x && check', 2, 'no such file', id='no paths'),
        pytest.param(
            f'check --output-file no/such/folder.json --format json {CI}',
            2,
            'folder.json: no such file or directory',
            id='output in no folder',
        ),
        pytest.param(f'check --output-file . {CI}', 2, '.: is a directory', id='output a folder'),
        pytest.param(f'unset HOME; check {CI}', 1, 'cached-', id='no home'),
        pytest.param(
            f'env -i PATH="$PATH" {sys.executable} -m kaniko_hooks.check_kaniko_builds {CI}',
            1,
            'cached-',
            id='no environment',
        ),
        pytest.param(f'ulimit -n 16; check {CI}', 1, 'cached-', id='few open files'),
    ),
)
def test_surroundings(command: str, code: int, part: str, write: Write) -> None:
    if command.startswith('env -i'):
        command = command.replace('env -i', f'env -i PYTHONPATH="{Path(__file__).parent.parent}"')
    ended_with, output = shell(command, write({CI: JOB, 'a.yml': 'a: 1\n'}))
    assert (ended_with, part in output) == (code, True), output


def test_diff_comes_before_what_is_said_about_it(write: Write) -> None:
    code, output = shell(f'fix --diff {CI} 2>&1', write({CI: JOB}))
    assert (code, output.startswith('--- a/.gitlab-ci.yml\n')) == (1, True)
    assert output.splitlines()[-1].startswith(f'{CI}: would split `größe` into 2 jobs: ')


def test_console_scripts_say_all_before_they_leave(write: Write) -> None:
    jobs = ''.join(JOB.replace('größe', f'größe {n}') for n in range(30))
    root = write({CI: jobs})
    for script, part in (
        ('check-kaniko-builds --color always', b'30 findings'),
        ('check-kaniko-builds --format json', b'"version": 1'),
        ('fix-kaniko-builds --diff', b'+++ '),
    ):
        name, *options = script.split()
        done = subprocess.run((INSTALLED / name, *options, CI), cwd=root, capture_output=True)
        module = name.replace('-', '_')
        same = subprocess.run(
            (sys.executable, '-m', f'kaniko_hooks.{module}', *options, CI),
            cwd=root,
            capture_output=True,
        )
        assert done.returncode == same.returncode == 1
        assert part in done.stdout + done.stderr
        assert (done.stdout, done.stderr) == (same.stdout, same.stderr)
    with open('/dev/full', 'w', encoding='utf-8') as full:
        code = subprocess.run(
            (INSTALLED / 'check-kaniko-builds', CI),
            cwd=root,
            stdout=full,
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode
    assert code == 2


@pytest.mark.parametrize('module', HOOKS)
def test_entry(module: str, monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    root = write({CI: JOB})
    codes: list[int] = []
    monkeypatch.setattr(os, '_exit', codes.append)
    monkeypatch.setattr(sys, 'argv', [module, str(root / CI)])
    importlib.import_module(f'kaniko_hooks.{module}').entry()
    assert codes == [1]


@pytest.mark.parametrize('module', HOOKS)
def test_module_is_a_command(module: str, monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    write({'a.yml': 'a: b\n'})
    monkeypatch.setattr(sys, 'argv', [module, 'a.yml'])
    monkeypatch.delitem(sys.modules, f'kaniko_hooks.{module}')
    with pytest.raises(SystemExit) as raised:
        runpy.run_module(f'kaniko_hooks.{module}', run_name='__main__')
    assert raised.value.code == 0


@pytest.mark.slow
@pytest.mark.parametrize('encoding', ('ascii', 'latin-1', 'utf-16', 'cp1252'))
@pytest.mark.parametrize('form', ('text', 'json', 'gitlab', 'sarif'))
def test_stdout_that_lacks_letters(encoding: str, form: str, write: Write) -> None:
    root = write({CI: JOB.replace('größe', 'größe☃')})
    code, _ = shell(f'check --format {form} {CI}', root, {'PYTHONIOENCODING': encoding})
    assert code == 1
    code, _ = shell(f'fix --diff {CI}', root, {'PYTHONIOENCODING': encoding})
    assert code == 1


@pytest.mark.parametrize('module', HOOKS)
def test_ctrl_c_at_any_call(module: str, write: Write, capfd: pytest.CaptureFixture[str]) -> None:
    main = importlib.import_module(f'kaniko_hooks.{module}').main
    calls, at = 0, -1

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        # Python itself swallows what is raised in a generator that is being closed.
        if event != 'call' or frame.f_code.co_flags & CO_GENERATOR:
            return
        calls += 1
        if calls == at:
            signal.raise_signal(signal.SIGINT)

    def code() -> int:
        nonlocal calls
        calls = 0
        sys.setprofile(count)
        try:
            ended_with: int = main([CI])
        finally:
            sys.setprofile(None)
        return ended_with

    for _ in range(2):  # the first time more is imported, and less remembered
        root = write({CI: JOB})
        assert code() == 1
    new, total = (root / CI).read_text(), calls
    # The first two are the calls of main and of what guards the rest.
    for at in (3, *range(4, total, total // 40)):
        write({CI: JOB})
        capfd.readouterr()
        assert code() == 130, at
        assert (root / CI).read_text() in (JOB, new), at
        assert [path.name for path in root.iterdir() if path.name.endswith('.tmp')] == [], at
        assert 'Traceback' not in ''.join(capfd.readouterr()), at


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
            ['--unsafe', '--diff', '--exit-zero-even-if-changed'],
            Options(unsafe=True, diff=True, exit_zero_even_if_changed=True),
            id='fix',
        ),
    ),
)
def test_parse(hook: str, argv: list[str], expected: Options) -> None:
    assert parse(hook, argv) == expected


@pytest.mark.parametrize(
    ('hook', 'argv', 'message'),
    (
        pytest.param(FIX, ['--format', 'json', 'a.yml'], '--format', id='fix has no format'),
        pytest.param(CHECK, ['--unsafe'], '--unsafe', id='check has no unsafe'),
        pytest.param(CHECK, ['--stric'], '--stric', id='no abbreviations'),
        pytest.param(CHECK, ['--format', 'xml'], 'xml', id='unknown format'),
        pytest.param(CHECK, ['--explain', 'x'], 'x', id='unknown rule'),
    ),
)
def test_wrong_usage(
    hook: str, argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        parse(hook, argv)
    assert raised.value.code == 2
    err = capsys.readouterr().err
    assert hook in err
    assert message in err


@pytest.mark.parametrize('hook', (CHECK, FIX))
def test_version(hook: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        parse(hook, ['--version'])
    assert raised.value.code == 0
    name, version = capsys.readouterr().out.split()
    assert name == hook
    assert version.count('.') == 2


@pytest.mark.parametrize('module', HOOKS)
def test_help(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    main = importlib.import_module(f'kaniko_hooks.{module}').main
    with pytest.raises(SystemExit) as raised:
        main(['--help'])
    assert raised.value.code == 0
    text = capsys.readouterr().out
    assert 'exit codes:\n  0  ' in text and 'examples:\n' in text and 'FORCE_COLOR' in text
    assert all(len(line) <= 80 for line in text.splitlines())
    if main is check_kaniko_builds.main:
        words = ' '.join(text.split())
        assert all(rule in words for rule in RULES)


def test_advice_repeats_the_options_that_the_fix_needs(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv('PRE_COMMIT', '')
    write({'ci/all.yml': JOB})
    options = ['--strict', '--allow-cleanup', '--gitlab-config', 'ci/all.yml']
    assert check_kaniko_builds.main([*options, 'ci/all.yml']) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == ' '.join(['rewrite: fix-kaniko-builds', *options, 'ci/all.yml'])
    assert fix_kaniko_builds.main([*options, 'ci/all.yml']) == 1


def test_an_empty_repository_has_nothing_to_check(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv('PRE_COMMIT', '')
    root = write({CI: JOB})
    subprocess.run(('git', 'init', '-q'), cwd=root, check=True)
    assert check_kaniko_builds.main([]) == 0
    expected = 'nothing to check: git tracks no YAML file or shell script here\n'
    assert capsys.readouterr().err == expected
    assert check_kaniko_builds.main(['--format', 'json']) == 0


def test_a_folder_without_kaniko(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv('PRE_COMMIT')
    write({CI: 'a: {script: [make]}\n'})
    assert (check_kaniko_builds.main(['.']), fix_kaniko_builds.main(['.'])) == (0, 0)
    assert capsys.readouterr().err == 'no findings: nothing here can build with Kaniko\n'
