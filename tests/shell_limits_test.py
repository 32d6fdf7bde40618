"""However much script there is: it is read in bounded time, or it is said that it is not."""

from __future__ import annotations

import pytest

from kaniko_hooks.model import MANY
from kaniko_hooks.old_shell import machine
from kaniko_hooks.old_shell.machine import MAX_SCRIPT, TooLarge
from tests.shell_sample import run

BUILD = '/kaniko/executor --cache -d x\n'
LONG = ':' * MAX_SCRIPT


def test_much_script_is_read() -> None:
    script = ': ' + 'x' * (MAX_SCRIPT - 3 * len(BUILD)) + '\n' + BUILD * 2
    assert run(script).builds_in_worst_run == 2


def test_too_much_script() -> None:
    with pytest.raises(TooLarge) as raised:
        run(LONG + ':')
    assert raised.value.path is None


def test_too_much_in_files_together() -> None:
    half = BUILD + '# ' + 'x' * (MAX_SCRIPT // 2)
    with pytest.raises(TooLarge) as raised:
        run('sh a.sh; sh a.sh; sh b.sh', files={'a.sh': half, 'b.sh': half})
    assert raised.value.path == 'b.sh'
    # The same file is read once.
    assert run('sh a.sh; sh a.sh; sh a.sh', files={'a.sh': half}).builds_in_worst_run == 3


def test_long_file_that_does_not_speak_of_builds_is_passed_over() -> None:
    assert run(f'sh a.sh; {BUILD}', files={'a.sh': LONG + '\n'}).builds_in_worst_run == 1


@pytest.mark.parametrize('call', ('sh s{}.sh', '. ./s{}.sh'))
def test_storm_of_scripts(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, 'REPEATS', 2_000)
    files = {f's{n}.sh': (call.format(n + 1) + '\n') * 30 for n in range(6)}
    found = run(f'{BUILD}sh s0.sh', files={**files, 's6.sh': BUILD})
    assert found.verdict == 'cached'
    assert found.builds_in_worst_run == MANY


def test_arguments_are_unknown_where_too_much_was_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, 'REPEATS', 500)
    files = {f's{n}.sh': f'sh s{n + 1}.sh $1\n' * 30 for n in range(6)}
    found = run('sh s0.sh --cache=false', files={**files, 's6.sh': '/kaniko/executor $1 -d x'})
    assert found.verdict == 'maybe-cached'


def test_file_that_grows_and_is_run_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, 'REPEATS', 50)
    script = 'echo /kaniko/executor -d x >> f; sh f\n'
    assert run(script * 4).builds_in_worst_run == 10
    assert run(script * 40).builds_in_worst_run < 100


def test_functions_that_double() -> None:
    for levels in (8, 12):
        functions = ''.join(f'f{n}() {{ f{n - 1}; f{n - 1}; }}\n' for n in range(1, levels))
        found = run(f'f0() {{ {BUILD}}}\n{functions}f{levels - 1}')
        assert found.verdict == 'cached'
        assert found.builds_in_worst_run == min(2 ** (levels - 1), MANY)
        assert [each.times for each in found.executions] == [found.builds_in_worst_run]


@pytest.mark.parametrize(
    'script',
    (
        'for x && a b; do :; done',
        'for x; do :; done && :',
        ': && for x; do :; done',
        'for x; do :; done || :',
        'case x in esac && :',
        'f() { :; } || :',
        '(( 1 )) && :',
        'if && x; then',
        '[ -n "$A" ] && || x',
        'select x; do :; done && :',
    ),
)
def test_lists_of_all_kinds_of_commands(script: str) -> None:
    assert run(script).builds_in_worst_run == 0
