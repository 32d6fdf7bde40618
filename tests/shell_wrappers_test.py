"""Commands that run another one: once, again and again, or elsewhere."""

from __future__ import annotations

import pytest

from kaniko_hooks.rule import because
from tests.shell_sample import argvs, count, run, traced

E = '/kaniko/executor'


@pytest.mark.parametrize(
    'script',
    (
        pytest.param(f'nerdctl run k {E} -d x; lxc exec c -- {E} -d x', id='another container'),
        pytest.param(
            f'sudo docker run gcr.io/x/kaniko/executor -d x; D=podman; $D run {E} -d x', id='docker'
        ),
        pytest.param(
            f'$KUBECTL exec p -- {E} -d x; time kubectl exec p -- {E} -d x; sudo ls {E} -d x',
            id='not known where',
        ),
        pytest.param(f'nsenter -t 1 -m {E} -d x; frob --with={E} -d x', id='not among the words'),
        pytest.param(f'log_info {E} -d x; assert_called {E} -d x', id='only shown'),
        pytest.param(f'ldd {E}; stat {E} -c %a; strip {E} --force', id='argument'),
        pytest.param(f'frob "{E} -d x"; frob {E} -d x y', id='no command'),
        pytest.param('parallel; watch; retry; retry 3; parallel :::; ls | parallel', id='no words'),
        pytest.param('op run -- ; wait-for-it h:1; aws-vault list', id='nothing behind'),
        pytest.param(f'sudo -s ls <<< {E}; sudo <<< {E}; su -c ls <<< {E}', id='no shell'),
        pytest.param('cd /kaniko; cd ~; ./executor; cd /opt && ./executor -c .', id='elsewhere'),
        pytest.param('cd $X && ./executor -c .; cd /kaniko/../..; ./executor -c .', id='unknown'),
        pytest.param(
            'cd ~/kaniko; ./executor; cd "$CI_PROJECT_DIR"; ./executor', id='own executor'
        ),
        pytest.param(f'trap "{E}" INT; trap ls ERR', id='other traps'),
        pytest.param('ls | xargs -n; xargs -d, -I; xargs -n1', id='xargs without a command'),
    ),
)
def test_no_build(script: str) -> None:
    assert count(run(script)) == 0


@pytest.mark.parametrize(
    'wrapper',
    (
        'eatmydata',
        'proxychains4 -q',
        'xvfb-run -a',
        'ltrace -o f',
        'setpriv --reuid 1',
        'numactl -N 0',
        's6-setuidgid u',
        'systemd-run --scope',
        'time -v',
        'aws-vault exec p --',
        'dotenv -f .env --',
        'doppler run --',
        'wait-for-it.sh h:1 -t 5 --',
        'run_in_section 3',
        './ci/with-backoff.sh',
        'sudo -u x run',
    ),
)
def test_wrapper(wrapper: str) -> None:
    assert argvs(f'{wrapper} {E} --destination x') == [[E, '--destination', 'x']]


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param(f'parallel -j 2 {E} -d {{}} ::: a b', 'many', id='parallel'),
        pytest.param(f'ls | parallel "{E} -d {{}} | tee log"', 'many', id='parallel with a text'),
        pytest.param(f'parallel ::: "{E} -d a" "{E} -d b"', 'many', id='parallel commands'),
        pytest.param(f'echo {E} -d a | parallel', 'many', id='parallel reads commands'),
        pytest.param(f'retry 3 {E} -d a', 'many', id='retry'),
        pytest.param(f'retry -t 3 -- {E} -d a', 'many', id='retry with options'),
        pytest.param(f'retry() {{ "$@"; }}; retry {E} -d a', 1, id="the script's own retry"),
        pytest.param(f'watch -n 1 "{E} -d a"', 'many', id='watch'),
        pytest.param(f'su - u <<EOF\n{E}\nEOF\nsudo -i <<EOF\n{E}\nEOF', 2, id='login shells'),
        pytest.param(f'echo {E} | sudo su; echo {E} | sudo -u x -s', 2, id='shells of others'),
        pytest.param(f'trap "{E} -d a" ERR; {E} -d b', 2, id='trap of an error'),
        # xargs
        pytest.param(f'echo x | xargs -I{{}} {E} -d {{}}', 1, id='xargs of one line'),
        pytest.param(f'echo x | xargs -n 1 {E} -d', 1, id='xargs of one word'),
        pytest.param(f'echo a b | xargs -n 1 {E} -d', 'many', id='xargs of words'),
        pytest.param(f"printf '%s\\n' a b | xargs -I % {E} -d %", 'many', id='xargs of lines'),
        pytest.param(f"printf '%s\\0' a b | xargs -0 -i {E} -d {{}}", 'many', id='xargs -0'),
        pytest.param(f'echo a,b | xargs -d, -I{{}} {E} -d {{}}', 'many', id='xargs -d'),
        pytest.param(f"echo '{E} -d a' | xargs -I{{}} sh -c '{{}}'", 1, id='xargs of a command'),
        pytest.param(
            f"printf '%s\\n' '{E} -d a' ls | xargs -I{{}} sh -c '{{}}'",
            'many',
            id='xargs of commands',
        ),
        pytest.param(f'echo $X | xargs -I{{}} {E} -d {{}}', 1, id='xargs of a variable'),
        pytest.param(f'cat list | xargs -L1 -P2 {E}', 'many', id='xargs -L'),
        # Directories
        pytest.param('cd /kaniko && ./executor -c .', 1, id='beside'),
        pytest.param(
            'cd /; ./kaniko/executor; cd kaniko; ./executor; cd ..; kaniko/executor',
            3,
            id='several directories',
        ),
        pytest.param('pushd /kaniko; ./executor; popd; ./executor', 1, id='pushd'),
        pytest.param(
            f'cd /tmp; echo {E} > s; sh /tmp/s; sh ./s; (cd /; sh tmp/s)', 3, id='file elsewhere'
        ),
    ),
)
def test_builds(script: str, expected: int | str) -> None:
    assert count(run(script)) == expected


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param(f'cat l | xargs -P 4 {E}', 'unknown', id='words of xargs -P'),
        pytest.param(f'cat l | xargs -L1 {E}', 'unknown', id='words of xargs -L'),
        pytest.param(f'cat l | xargs -n1 {E} -d', 'off', id='a word of xargs -n'),
        pytest.param(f'echo --cache | xargs -n1 {E} -d x', 'on', id='a known word'),
        pytest.param(
            f"echo '--cache -d x' | xargs -I{{}} sh -c '{E} {{}}'", 'on', id='known words'
        ),
        pytest.param(f'echo a; run {E} --cache --destination x', 'on', id='wrapper'),
    ),
)
def test_cache(script: str, expected: str) -> None:
    assert [each.build.flags.cache for each in run(script).executions] == [expected]


def test_no_directory_of_the_repository() -> None:
    found = traced('cd app; /kaniko/executor\ncd /kaniko; ./executor -f "$(pwd)"')
    assert [each.directory for each in found] == ['app', None]
    assert [word.text for word in found[1].build.argv] == ['./executor', '-f', '/kaniko']


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        ('parallel {} ::: a b', 'parallel at line 1 runs it many times'),
        ('retry {}', 'retried at line 1 when the first attempt fails'),
        ('watch {}', 'watch at line 1 runs it many times'),
    ),
)
def test_reason(script: str, expected: str) -> None:
    assert because(run(script.format(f'{E} -d x')), lambda place: 1) == expected
