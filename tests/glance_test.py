"""What looks like one build at a glance is one build at most."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from kaniko_hooks.glance import one_build_at_most
from kaniko_hooks.old_shell.kaniko import read_build
from kaniko_hooks.model import ARGV, Command, Container, Place, ScriptPart, Variable
from kaniko_hooks.old_shell.runs import container_run

IMAGE = 'gcr.io/kaniko-project/executor:debug'
BUILD = '/kaniko/executor --cache=true --destination a'
CASES = sorted((Path(__file__).parent / 'cases' / 'shell').glob('*.json'))


def container(*scripts: str, form: str = 'script') -> Container:
    variables = {'CI_BUILD': Variable((BUILD,)), 'IMAGE': Variable(('a',))}
    parts = tuple(
        ScriptPart((Command(script, 'ci.yml', 0, lambda at: at),), variables, form)
        for script in scripts
    )
    return Container('gitlab-ci', 'job', Place('ci.yml', 0), Variable((IMAGE,)), parts)


def builds(made: Container) -> int:
    return container_run(made.parts, IMAGE, read_build, lambda path: BUILD).builds_in_worst_run


@pytest.mark.parametrize(
    'script',
    (
        pytest.param('', id='nothing'),
        pytest.param('echo hello', id='no build'),
        pytest.param(BUILD, id='one build'),
        pytest.param('executor --cache=true', id='by its name'),
        pytest.param(f'mkdir -p /kaniko/.docker\n{BUILD} --destination "$A/$B"', id='variables'),
        pytest.param(f'A="x y" B=$(date +%s) {BUILD}', id='assignments'),
        pytest.param(f'if [ -n "$A" ]; then echo a; else {BUILD}; fi', id='branch'),
        pytest.param(f"# don't do this: {BUILD}\n{BUILD}", id='comment'),
        pytest.param(f'{BUILD} \\\n  --context .', id='continued'),
        pytest.param(f'echo "{{\\"auths\\":{{}}}}" > config.json && {BUILD} 2>&1', id='escapes'),
        pytest.param(f'echo building >&2; {BUILD} >log 2>&1', id='redirections'),
        pytest.param(f'! {BUILD} || {{ echo failed; exit 1; }}', id='or'),
    ),
)
def test_certain(script: str) -> None:
    assert one_build_at_most(container(script))
    assert builds(container(script)) <= 1


@pytest.mark.parametrize(
    'script',
    (
        pytest.param(f'{BUILD}\n{BUILD}', id='two builds'),
        pytest.param(f'for a in 1 2; do {BUILD}; done', id='loop'),
        pytest.param(f'echo () {{ {BUILD}; }}; echo; echo', id='function'),
        pytest.param('$CI_BUILD; $CI_BUILD', id='variable'),
        pytest.param('A=x\\ y $CI_BUILD; $CI_BUILD', id='escaped blank'),
        pytest.param('A="x\n y" $CI_BUILD; $CI_BUILD', id='quotes over lines'),
        pytest.param("A='x\ny' $CI_BUILD; $CI_BUILD", id='single quotes over lines'),
        pytest.param('A=$(date)b $CI_BUILD; $CI_BUILD', id='joined to a substitution'),
        pytest.param('A=x\xa0echo $CI_BUILD; $CI_BUILD', id='no blank to a shell'),
        pytest.param("A=$'\\'' $CI_BUILD; $CI_BUILD", id='dollar quotes'),
        pytest.param('# a \\\n$CI_BUILD; $CI_BUILD', id='comment that seems continued'),
        pytest.param('echo a \\\n# b\n$CI_BUILD; $CI_BUILD', id='comment in a continued line'),
        pytest.param("echo # don't\n$CI_BUILD; $CI_BUILD # don't", id='comment at the end'),
        pytest.param('echo "$($CI_BUILD; $CI_BUILD)"', id='substitution in quotes'),
        pytest.param('echo `$CI_BUILD; $CI_BUILD`', id='backquotes'),
        pytest.param('$CI_BUILD <<EOF\na\nEOF\n$CI_BUILD', id='heredoc'),
        pytest.param(f"sh -c '{BUILD}; {BUILD}'", id='shell'),
        pytest.param('./build; ./build', id='script'),
        pytest.param('tools/executor; tools/executor', id='script called executor'),
        pytest.param('. ci/lib; source ci/lib', id='sourced'),
        pytest.param('trap "$CI_BUILD" EXIT; $CI_BUILD', id='trap'),
        pytest.param('alias b="$CI_BUILD"\nb\nb', id='alias'),
        pytest.param("eval '$CI_BUILD; $CI_BUILD'", id='eval'),
        pytest.param('echo 1 2 | xargs -n1 /kaniko/executor --destination', id='xargs'),
        pytest.param('exec\\utor --no-push; "executor" --no-push', id='quoted name'),
        pytest.param('exec{utor,} --no-push; exec$X', id='pieces'),
        pytest.param(f'{BUILD} >>&2a/b &', id='no redirection'),
        pytest.param('echo \0', id='NUL'),
        pytest.param('echo ' + 'a' * 20_000, id='long'),
    ),
)
def test_needs_a_closer_look(script: str) -> None:
    assert not one_build_at_most(container(script))


def test_parts_count_together() -> None:
    assert not one_build_at_most(container(BUILD, BUILD))
    assert one_build_at_most(container(BUILD, 'echo'))
    assert not one_build_at_most(container('executor', form=ARGV))


def scripts() -> list[str]:
    return [
        case['script']
        for path in CASES
        for case in json.loads(path.read_text('utf-8'))
        if isinstance(case.get('script'), str)
    ]


def test_what_is_certain_is_true_for_every_case() -> None:
    certain = [each for each in map(container, scripts()) if one_build_at_most(each)]
    assert len(certain) > 3
    assert all(builds(each) <= 1 for each in certain)


PIECES = (
    BUILD,
    BUILD,
    BUILD,
    'executor',
    '$CI_BUILD',
    '$A',
    'echo',
    'A=',
    'A=b',
    'cd',
    'date',
    '"',
    "'",
    '\\',
    '\\\n',
    '\n',
    '\n',
    ' ',
    ' ',
    ' ',
    ';',
    '&',
    '&&',
    '||',
    '|',
    '(',
    ')',
    '$(',
    '{',
    '}',
    '#',
    '`',
    'if',
    'then',
    'fi',
    'else',
    'while',
    'do',
    'done',
    '!',
    '>',
    '<',
    '2>&1',
    '>&2',
    '$',
    '""',
    "''",
    '[[',
    ']]',
    '=',
    'cat',
    '-',
    '\t',
    '$((',
    '))',
    '${A:-',
    '\xa0',
    'true',
    '*',
)


def mutated(script: str, chance: random.Random) -> str:
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(script) + 1)
        end = at + chance.choice((0, 0, 1, 2, 8))
        script = script[:at] + chance.choice(PIECES) + script[end:]
    return script


def generated(chance: random.Random) -> str:
    words = (chance.choice(PIECES) for _ in range(chance.randrange(2, 14)))
    return ''.join(word + chance.choice(('', '', ' ', ' ', '\n')) for word in words)


@pytest.mark.parametrize('seed', range(4))
def test_what_is_certain_is_true_for_mutations(seed: int) -> None:
    chance = random.Random(seed)
    known = scripts()
    certain = 0
    for _ in range(1_500):
        script = (
            generated(chance) if chance.random() < 0.6 else mutated(chance.choice(known), chance)
        )
        made = container(script)
        if one_build_at_most(made):
            certain += 1
            assert builds(made) <= 1, script
    assert certain > 20
