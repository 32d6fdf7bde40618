from __future__ import annotations

import pytest

from tests.other_ci import K, builds, containers

PATH = 'cloudbuild.yaml'
IMAGE = 'gcr.io/kaniko-project/executor:debug'


@pytest.mark.parametrize(
    'text', ('a', '{steps: a}', '{steps: [{name: a}]}', '{steps: [a, {name: b, args: []}]}')
)
def test_nothing_runs(text: str) -> None:
    assert containers(PATH, f'# kaniko\n{text}') == ()


def test_each_step_is_a_container() -> None:
    text = f"""\
steps:
  - {{name: "$_IMAGE", args: [--cache, -d, a], id: images}}
  - {{name: [x], entrypoint: /kaniko/executor, args: [-d, b]}}
  - {{name: i, script: "#!/usr/bin/env python3\\n{K} c"}}
  - {{name: i, script: "{K} d\\n{K} e"}}
  - {{args: [bash, -c, {K} f]}}
substitutions: {{_IMAGE: {IMAGE}}}
"""
    assert builds(PATH, text) == {
        'steps[0]': ['ok', 'on a'],
        'steps[1]': ['ok', 'off b'],
        'steps[3]': ['cached', 'on d', 'on e'],
        'steps[4]': ['ok', 'on f'],
    }
    assert [container.label for container in containers(PATH, text)] == ['images', '', '', '', '']
    assert {container.system for container in containers(PATH, text)} == {'cloud-build'}


@pytest.mark.parametrize(
    ('text', 'expected'),
    (('$$x', '$x'), ('-$_A-${_A}-', '-b-b-'), ('$_NESTED', '-b-'), ('$lower', '$lower')),
)
def test_known_substitutions(text: str, expected: str) -> None:
    outcomes = builds(
        PATH,
        f"""\
steps: [{{name: {IMAGE}, args: [-d, '{text}']}}]
substitutions: {{_A: b, _NESTED: "-$_A-"}}
""",
    )
    assert outcomes == {'steps[0]': ['ok', f'off {expected}']}


@pytest.mark.parametrize(
    'value', ('$_NULL', '$_NONE', '${_A:-false}', '$_LOOP', '$_LIST', '$COMMIT_SHA')
)
def test_a_flag_by_a_substitution_that_is_not_known(value: str) -> None:
    outcomes = builds(
        PATH,
        f"""\
steps:
- name: {IMAGE}
  entrypoint: sh
  args: [-c, "executor --cache={value} -d a; executor -d b"]
substitutions: {{_A: b, _NULL: ~, _LOOP: "$_LOOP$_LOOP$_LOOP", _LIST: [c]}}
""",
    )
    assert outcomes['steps[0]'][0] == 'maybe-cached'


@pytest.mark.parametrize(
    ('options', 'step', 'word', 'expected'),
    (
        ('options: {env: ["A=x$_A"]}\n', '', '$A', 'xb'),
        ('options: {env: ["A=x$_A"]}\n', ', env: [A=$$y]', '$A', '$y'),
        ('', ', env: [A=z]', '$A', 'z'),
    ),
)
def test_variables_of_a_script(options: str, step: str, word: str, expected: str) -> None:
    text = f'{options}steps: [{{name: a, script: "{K} {word}"{step}}}]\nsubstitutions: {{_A: b}}\n'
    assert builds(PATH, text) == {'steps[0]': ['ok', f'on {expected}']}


@pytest.mark.parametrize(
    ('folder', 'script'),
    (
        ('x/y', './build.sh'),
        ('/workspace/x/y', './build.sh'),
        ('/workspace', 'x/y/build.sh'),
        ('/workspaces', 'x/y/build.sh'),
        ('x', '/workspace/x/y/build.sh'),
    ),
)
def test_a_script_of_the_repository(folder: str, script: str) -> None:
    text = f'steps: [{{name: a, entrypoint: sh, args: [{script}], dir: {folder}}}]'
    assert builds(PATH, text, {'x/y/build.sh': f'{K} a\n'})


def test_substitutions_keep_the_place() -> None:
    text = 'steps: [{name: kaniko, entrypoint: sh, args: [-c, "$_A && b"]}]\nsubstitutions: {_A: l}'
    word = containers(PATH, text)[0].scripts[0].commands[2]
    assert word.place(word.value.index('b')).offset == text.index('b"]')
