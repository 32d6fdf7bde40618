"""Guards by what the file system is like: they exclude each other until something may change it."""

from __future__ import annotations

import pytest

from tests.shell_sample import count, run

E = '/kaniko/executor'


@pytest.mark.parametrize(
    'between',
    (
        'touch D',
        'cd x',
        './unknown.sh',
        'eval "$X"',
        '(rm D)',
        'if foo; then rm D; fi',
        'f() { rm D; }; f',
        "sh -c 'rm D'",
        '{ echo; } > D',
        'X=$(rm D)',
        'find . -delete',
        '> D',
        ': > D',
        'find . -exec rm {} +',
        'tool',
        'echo x | tee D',
        'echo x >&D',
        'A=x',
    ),
)
@pytest.mark.parametrize(
    ('first', 'second'),
    (('[ -f "$A/D" ]', '[ ! -f "$A/D" ]'), ('grep -q "$A" D', '! grep -q "$A" D')),
)
def test_both(first: str, between: str, second: str) -> None:
    script = f'{first} && {E} -d a\n{between}\n{second} && {E} -d b'
    assert count(run(script)) == 2
    script = f'if {first}; then {E} -d a; {between}; fi; if {second}; then {E} -d b; fi'
    assert count(run(script)) == 2


@pytest.mark.parametrize(
    'between',
    (
        'echo "no D"',
        'ls -l >&2',
        'B=x',
        'find . -name D',
        'export B=y',
        'date',
        'cat <<EOF > /dev/null 2>&1\nD\nEOF',
        'cat < D',
        '(cd x)',
        'echo x >&-',
        'sh -c "cat D"',
    ),
)
@pytest.mark.parametrize(
    ('first', 'second'),
    (
        ('[ -f D ]', '[ ! -f D ]'),
        ('[[ -e a/"$A" ]]', '! [[ -e a/$A ]]'),
        ('test -d "$A"', 'test ! -d "$A"'),
        ('[ a -nt b ]', '[ ! a -nt b ]'),
        ('command -v tool > /dev/null 2>&1', '! command -v tool'),
        ('grep -q x D', '! grep -q x D'),
        ('which tool', '! which tool'),
        ('echo "$A" | grep -q x', '! echo "$A" | grep -q x'),
    ),
)
def test_one_of_two(first: str, between: str, second: str) -> None:
    script = f'{first} && {E} -d a\n{between}\n{second} && {E} -d b'
    assert count(run(script)) == 1
    script = f'if {first}; then {E} -d a; {between}; fi; if {second}; then {E} -d b; fi'
    assert count(run(script)) == 1
    script = f'{first} || {E} -d a; {between}\n{second} || {E} -d b'
    assert count(run(script)) == 1


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param(f'[ -f A ] && {E}; [ ! -f B ] && {E}', 2, id='two files'),
        pytest.param(f'[ -f A ] && {E}; [ ! -d A ] && {E}', 2, id='two tests'),
        pytest.param(f'grep -q x < a && {E}; grep -q x < b || {E}', 2, id='input'),
        pytest.param(f'grep -q x > a && {E}; grep -q x > a || {E}', 2, id='output'),
        pytest.param(f'A=x grep x a && {E}; A=x grep x a || {E}', 2, id='assignment'),
        pytest.param(f'curl -f u && {E}; curl -f u || {E}', 2, id='a command that may change'),
        pytest.param(f'{{ grep x; }} && {E}; {{ grep x; }} || {E}', 2, id='group'),
        pytest.param(f'grep -q "$(f)" a && {E}; grep -q "$(f)" a || {E}', 2, id='substitution'),
        pytest.param(
            f'grep -q "${{A#$x}}" a && {E}; grep -q "${{A#$x}}" a || {E}', 2, id='operator'
        ),
        pytest.param(
            f'[ -f "${{A#$x}}" ] && {E}; [ ! -f "${{A#$x}}" ] && {E}', 2, id='file of one'
        ),
        pytest.param(f'[ -n "$A$B" ] && {E}; cd x; [ -z "$A$B" ] && {E}', 1, id='two variables'),
        pytest.param(f'[[ -v A ]] && {E}; touch A; [[ ! -v A ]] && {E}', 1, id='set or not'),
        pytest.param(f'[[ -v A ]] && {E}; A=1; [[ ! -v A ]] && {E}', 2, id='set in between'),
        pytest.param(f'[ $A -gt 1 ] && {E}; cd x; touch y; [ $A -le 1 ] && {E}', 1, id='no files'),
        pytest.param(
            f'if [ -f A ] && [ $B ]; then {E}; fi; if [ ! -f A ]; then {E}; fi', 1, id='and more'
        ),
        pytest.param(
            f'for i in a b; do [ -f $i ] && {E} -d $i; [ ! -f $i ] && {E}; done', 2, id='each time'
        ),
    ),
)
def test_builds(script: str, expected: int) -> None:
    assert count(run(script)) == expected


def test_what_a_branch_may_have_set() -> None:
    script = f'eval "$X"; A=1; if a; then :; else eval "$Y"; fi; [ $A = 2 ] && {E}'
    assert count(run(script)) == 1
