from __future__ import annotations

import pytest

from kaniko_hooks.fix.script.steps import setup_of
from kaniko_hooks.fix.script.superseded import without_superseded
from tests.fix_setup_test import functions

FUNCTIONS = functions('go() { echo "$A"; }')


@pytest.mark.parametrize(
    'texts',
    (
        ['A=1', 'B=2'],
        ['A=1', 'export A=2'],
        ['export A=1', 'A=2'],
        ['A=1', 'echo "$A"', 'A=2'],
        ['A=1', 'A=$A-2'],
        ['A=1', 'B=$(cat $A)', 'A=2'],
        ['A=1', 'go', 'A=2'],
        ['A=1', '$CMD', 'A=2'],
        ['A=1', 'if x; then B=$A; fi', 'A=2'],
        ['A[0]=1', 'A[0]=2'],
        ['A=(1)', 'A[0]=2'],
        ['A=1', 'test -f x && A=2'],
        ['A=1', 'if x; then A=2; fi'],
        ['if test x; then A=1; echo x; fi', 'A=2'],
        ['if test x; then A=1; f() { ls; }; fi', 'A=2'],
        ['A=1', '. ./x', 'A=2'],
        ['cd a', 'cd /b', 'cd -'],
        ['cd ../a', 'cd /b'],
        ['cd a', '(cd /b)'],
        ['A=1 > x', 'A=2 > x'],
        ['A=1 B=2', 'A=2'],
        ['export A', 'export A'],
        ['readonly A=1', 'readonly A=2'],
        ['cd a', 'cd b'],
        ['cd a', 'cd ../b'],
        ['cd ../a', 'cd ..'],
        ['cd /a', 'cd ..'],
        ['cd a/../b', 'cd ../../..'],
        ['cd a/b', 'cd ..'],
        ['cd "$A"', 'cd ..'],
        ['cd a', 'popd'],
        ['pushd a', 'cd ..'],
        ['cd a > x', 'cd ..'],
        ['A=1 cd a', 'cd ..'],
        ['cd a', 'mkdir b', 'cd ..'],
        ['cd a | cat', 'cd ..'],
        ['cd a'],
    ),
)
def test_needed(texts: list[str]) -> None:
    steps = setup_of(texts)
    assert without_superseded(steps, len(steps), FUNCTIONS) == tuple(steps)


@pytest.mark.parametrize(
    ('texts', 'kept'),
    (
        (['A=1', 'A=2'], ['A=2']),
        (['A=1', 'A=2', 'A=3'], ['A=3']),
        (['A=1 B=2', 'mkdir x', 'A=3 B=4'], ['mkdir x', 'A=3 B=4']),
        (['export A=1', 'export A=2'], ['export A=2']),
        (['A=1', 'test -f x || exit', 'A=2'], ['test -f x || exit', 'A=2']),
        (['A=1', 'f() { echo $A; }', 'A=2'], ['f() { echo $A; }', 'A=2']),
        (['A+=1', 'A=2'], ['A=2']),
        (['A=(1 2)', 'A=(3)'], ['A=(3)']),
        (
            ['A=', 'for x in 1 2; do A="$A $x"; done', 'A=', 'for x in 3; do A=$A$x; done'],
            ['A=', 'for x in 3; do A=$A$x; done'],
        ),
        (
            ['if test x; then A=1; else A=2; fi', 'if test y; then A=3; else A=4; fi'],
            ['if test y; then A=3; else A=4; fi'],
        ),
        (['cd a', 'cd /b'], ['cd /b']),
        (['cd $CI_PROJECT_DIR/a', 'cd "$CI_PROJECT_DIR/b"'], ['cd "$CI_PROJECT_DIR/b"']),
        (['A=$(cat x)', 'A=$(cat y)'], ['A=$(cat y)']),
        (['cd a', 'cd ..', 'cd b'], ['cd b']),
        (['cd a/b/', 'cd ../..'], []),
        (['cd a', 'cd -'], []),
        (['pushd a', 'pushd b', 'popd', 'popd', 'ls'], ['ls']),
    ),
)
def test_superseded(texts: list[str], kept: list[str]) -> None:
    steps = setup_of(texts)
    assert [each.text for each in without_superseded(steps, len(steps), FUNCTIONS)] == kept


def test_only_what_earlier_parts_have_too() -> None:
    steps = setup_of(['A=1', 'A=2', 'cd a', 'cd ..', 'A=3'])
    kept = without_superseded(steps, 1, FUNCTIONS)
    assert [each.text for each in kept] == ['A=2', 'cd a', 'cd ..', 'A=3']
