from __future__ import annotations

import pytest

from kaniko_hooks.model import ARGUMENTS, ARGV, SCRIPT, Reading
from tests.other_ci import only, reading, texts

PATH = 'cloudbuild.yaml'


@pytest.mark.parametrize(
    'text', ('a', '{steps: a}', '{steps: [{name: a}]}', '{steps: [a, {name: b, args: []}]}')
)
def test_nothing_runs(text: str) -> None:
    assert reading(PATH, text) == Reading(())


def test_each_step_is_a_container() -> None:
    result = reading(
        PATH,
        """\
steps:
  - {name: "img:$_TAG", args: [a, b]}
  - {name: [x], entrypoint: c, args: [d]}
  - {name: i, script: "#!/usr/bin/env python3"}
  - {args: [bash, -c, e]}
substitutions: {_TAG: v1}
""",
    )
    assert [container.name for container in result.containers] == [
        'steps[0]',
        'steps[1]',
        'steps[2]',
        'steps[3]',
    ]
    assert {container.system for container in result.containers} == {'cloud-build'}
    assert [container.image and container.image.values for container in result.containers] == [
        ('img:v1',),
        None,
        ('i',),
        None,
    ]
    assert [texts(container) for container in result.containers] == [
        [['a', 'b']],
        [['c', 'd']],
        [['#!/usr/bin/env python3']],
        [['bash', '-c', 'e']],
    ]
    assert [container.parts[0].form for container in result.containers] == [
        ARGUMENTS,
        ARGV,
        SCRIPT,
        ARGUMENTS,
    ]
    assert result.containers[2].parts[0].shell == 'python3'


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('$$x $$(y)', '$x $(y)'),
        ('$_A ${_A} $_AB $_NULL $COMMIT_SHA', 'b b $_AB $_NULL $COMMIT_SHA'),
        ('--a=$_NULL-$COMMIT_SHA', '--a=$(_NULL)-$COMMIT_SHA'),
        ('${_A:-x} $lower', '${_A:-x} $lower'),
        ('$_NESTED', '-b-'),
        ('$_LOOP', None),
    ),
)
def test_substitutions_in_arguments(text: str, expected: str | None) -> None:
    container = only(
        reading(
            PATH,
            f"""\
steps: [{{name: a, args: ['{text}']}}]
substitutions: {{_A: b, _NULL: ~, _NESTED: "-$_A-", _LOOP: "$_LOOP$_LOOP$_LOOP", _LIST: [c]}}
""",
        )
    )
    word = container.parts[0].commands[0].text
    assert word == expected if expected else len(word) < 200_000


@pytest.mark.parametrize(
    ('options', 'step', 'expected'),
    (
        ('', '', {}),
        ('options: {env: ["A=x$_A", "B=$$y"]}\n', ', env: [B=z]', {'A': ('xb',), 'B': ('z',)}),
        ('options: {automapSubstitutions: true}\n', '', {'_A': ('b',)}),
        ('', ', automapSubstitutions: true', {'_A': ('b',)}),
        ('options: {automapSubstitutions: true}\n', ', automapSubstitutions: false', {}),
    ),
)
def test_variables_of_a_script(
    options: str, step: str, expected: dict[str, tuple[str, ...]]
) -> None:
    (part,) = only(
        reading(
            PATH,
            f'''\
{options}steps: [{{name: a, script: "x $_A $$"{step}}}]
substitutions: {{_A: b}}
''',
        )
    ).parts
    assert part.commands[0].text == 'x $_A $$'
    assert {name: variable.values for name, variable in part.variables.items()} == expected


@pytest.mark.parametrize(
    ('folder', 'expected'),
    (('a/b', 'a/b'), ('/workspace/a', 'a'), ('/workspace', ''), ('/workspaces', None)),
)
def test_where_a_step_starts(folder: str, expected: str | None) -> None:
    container = only(reading(PATH, f'steps: [{{name: a, args: [b], dir: {folder}}}]'))
    assert container.parts[0].directory == expected


def test_a_trigger_holds_a_build() -> None:
    container = only(
        reading(
            PATH,
            """\
name: trigger
substitutions: {_A: trigger}
build:
  steps: [{name: a, args: [$_A, $_B]}]
  substitutions: {_A: build, _B: c}
""",
        )
    )
    assert container.name == 'build.steps[0]'
    assert texts(container) == [['trigger', 'c']]


def test_substitutions_keep_the_place() -> None:
    text = 'steps: [{name: a, entrypoint: sh, args: [-c, "$_A && b"]}]\nsubstitutions: {_A: long}'
    command = only(reading(PATH, text)).parts[0].commands[2]
    assert command.text == 'long && b'
    assert command.locate(8) == text.index('b"]')
