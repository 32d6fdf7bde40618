from __future__ import annotations

import pytest

from kaniko_hooks.fix.script.change import change
from kaniko_hooks.fix.script.pieces import names_used
from kaniko_hooks.fix.script.setup import is_setup, is_test
from kaniko_hooks.old_shell.syntax.parser import parse
from kaniko_hooks.old_shell.syntax.tree import Command, Function, Pipeline


def pipelines(text: str) -> tuple[Pipeline, ...]:
    return tuple(pipeline for each in parse(text).body for pipeline in each.pipelines)


def functions(text: str) -> dict[str, Function]:
    commands: list[Command] = [command for each in pipelines(text) for command in each.commands]
    return {command.name: command for command in commands if isinstance(command, Function)}


HELPERS = functions('log() { echo "$@"; }\nget() { curl "$1"; }\nagain() { again; }\n')


@pytest.mark.parametrize(
    'text',
    (
        'apk add curl',
        'docker login',
        '$CMD x',
        '"$(cat x)" y',
        'X=$(curl example.com)',
        'exit 0',
        'while read x; do echo; done',
        'if curl x; then echo; fi',
        'case x in a) make;; esac',
        'for x in a; do make; done',
        'select x in a; do echo; done',
        '{ make; }',
        '(make)',
        'echo x | sh',
        'echo x | docker login',
        '/kaniko/warmer --image x',
        'get x',
        'again',
        'mv a b',
        'git fetch',
        'X=$(git fetch)',
        'X=$(git)',
        'executor',
        '/kaniko/executor --destination x',
        'X=`make \\`x\\``',
        'echo $(if true; then make; fi)',
        '{ echo a & }',
        'return 1',
        'echo $((1 + $(make)))',
        'echo ${X:-$(make)}',
        'cat <<EOF > x\n$(make)\nEOF',
        '[[ -n $(make) ]]',
        'echo x | cat $(make)',
        'a=($(make))',
        'trap x EXIT',
        'rm x',
        'wait',
        'source x',
        '. ./x',
        'env X=1 make',
        'env -i',
        'command make',
        'echo $(command make)',
    ),
)
def test_more_than_setup(text: str) -> None:
    assert not is_setup(pipelines(text), HELPERS)


@pytest.mark.parametrize(
    'text',
    (
        'X=1',
        'X=$Y Z="${A:-b}"',
        'export X=1',
        'readonly X',
        'unset X',
        'cd x',
        'set -euo pipefail',
        'mkdir -p x',
        'chmod +x a',
        'test -n "$X"',
        '[ -f x ] || exit 1',
        '[[ $X == a* ]]',
        'echo x',
        'printf "%s" x > y',
        'cat x',
        'cat <<EOF > x\na $X\nEOF',
        'cp a b',
        ':',
        'true',
        'pwd',
        'ls',
        '/kaniko/executor login -u x',
        'executor version',
        'f() { make; }',
        'log a b',
        'a=(1 2)',
        'echo $(printf x | base64 | tr -d a)',
        'X=$(git rev-parse HEAD)',
        'echo x | tee y',
        'if [ "$X" ]; then Y=1; elif test -d x; then Y=2; else Y=3; fi',
        '(cd x; ls)',
        '{ X=1; }',
        'case "$X" in a|b) Y=1;; *) exit 1;; esac',
        'for x in a b; do mkdir $x; done',
        '((x = 1))',
        'X=$(date)',
        'X=$(cat VERSION)',
        'echo "$(log x)"',
        'X=$([ -f y ] && cat y)',
        'env',
        'env | sort',
        'command -v jq',
        'X=$(command -v jq)',
        'date',
        'df -h',
        'sleep 5',
        'which aws',
    ),
)
def test_only_setup(text: str) -> None:
    assert is_setup(pipelines(text), HELPERS)


def test_nesting_without_end_is_no_setup() -> None:
    text = '( ' * 30 + 'echo' + ' )' * 30
    assert not is_setup(pipelines(text), {})


@pytest.mark.parametrize(
    ('text', 'assigned', 'volatile', 'moves'),
    (
        ('echo x', set(), False, False),
        ('A=1 make', set(), False, False),
        ('(A=1; cd x)', set(), False, False),
        ('cd /x', set(), False, False),
        ('cd "$CI_PROJECT_DIR/x"', set(), False, False),
        ('cd', set(), False, True),
        ('cd ""', set(), False, True),
        ('A=1 B=2', {'A', 'B'}, False, False),
        ('export A=1', {'A'}, False, False),
        ('{ A=1; cd x; }', {'A'}, False, True),
        ('for x in a; do B=1; done', {'x', 'B'}, False, False),
        ('A=$(date)', {'A'}, True, False),
        ('A=$RANDOM', {'A'}, True, False),
        ('mktemp', set(), True, False),
        ('go', {'A'}, False, True),
        ('go; go', {'A'}, False, True),
        ('if x; then A=1; fi', {'A'}, False, False),
        ('f() { A=1; }', {'A'}, False, False),
    ),
)
def test_what_is_left_behind(text: str, assigned: set[str], volatile: bool, moves: bool) -> None:
    left = change(pipelines(text), functions('go() { A=1; cd x; }'))
    assert left == (frozenset(assigned), volatile, moves)


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('echo x', False),
        ('cd x', False),
        ('! true', True),
        ('[ x ]', True),
        ('[[ x ]]', True),
        ('test x', True),
        ('echo x | grep y', True),
        ('A=1', False),
        ('(true)', False),
    ),
)
def test_is_test(text: str, expected: bool) -> None:
    assert is_test(pipelines(text)[0]) is expected


def test_names_used() -> None:
    text = (
        'case $a in $b) echo ${c:-$d} $((e + $f));; esac; [[ $g ]]; x=$h y=($i) > $j; '
        'for k in $l; do :; done'
    )
    assert names_used(pipelines(text)) >= set('abcdfghijl')
