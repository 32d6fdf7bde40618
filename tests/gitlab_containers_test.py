"""Repositories -> the containers, notes and problems that the hooks get of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from kaniko_hooks.ci.gitlab.pipelines import read
from kaniko_hooks.model import Container, Place, Reading, Setting, Text
from kaniko_hooks.repository import Repository
from kaniko_hooks.text import hole
from tests.gitlab_read import ROOT, Files, written
from tests.work import calls

KANIKO = 'image: kaniko\n'


def reading(
    folder: Path, files: Files | str, named: Sequence[str] = (), configs: Sequence[str] = ()
) -> Reading:
    return read(Repository(str(written(folder, files))), named, configs)


def commands(container: Container) -> list[list[str]]:
    return [[command.value for command in script.commands] for script in container.scripts]


def shown(reading: Reading) -> dict[str, list[list[str]]]:
    """The commands of each container; templates are in brackets."""
    return {
        f'({container.name})' if container.template else container.name: commands(container)
        for container in reading.containers
    }


def only(reading: Reading) -> Container:
    assert len(reading.containers) == 1, shown(reading)
    return reading.containers[0]


def values(container: Container) -> dict[str, list[str]]:
    """The values of the variables of a container's first script, but the predefined one."""
    return {
        name: [value.value for value in setting.values]
        for name, setting in container.scripts[0].variables.items()
        if name != 'CI_PROJECT_DIR'
    }


@pytest.mark.parametrize(
    ('files', 'named'),
    (
        pytest.param({}, (), id='no files'),
        pytest.param({ROOT: ''}, (ROOT,), id='empty'),
        pytest.param({ROOT: 'j: ['}, (ROOT,), id='broken, but not about Kaniko'),
        pytest.param({ROOT: 'include: x.yml'}, (ROOT,), id='missing include, no Kaniko'),
        pytest.param({'t.yml': 'image: kaniko\nj: ['}, ('t.yml',), id='broken, elsewhere'),
        pytest.param({'t.yml': '- kaniko'}, ('t.yml',), id='a list'),
        pytest.param({ROOT: 'j: {trigger: g/p}'}, (ROOT,), id='a trigger job'),
        pytest.param({ROOT: 'j: {image: kaniko}\n.h: [a]'}, (ROOT,), id='no commands'),
        pytest.param({ROOT: 'j: {trigger: {include: none.yml}}'}, (ROOT,), id='no child'),
        pytest.param({ROOT: 'j: {trigger: {include: }}'}, (ROOT,), id='null child'),
    ),
)
def test_nothing_to_report(tmp_path: Path, files: Files, named: Sequence[str]) -> None:
    result = reading(tmp_path, files, named)
    assert (result.containers, result.problems) == ((), ())
    assert result.files <= files.keys()


def test_a_job_is_one_container(tmp_path: Path) -> None:
    text = (
        'default: {image: {name: "$IMAGE", entrypoint: [""]}, before_script: [d]}\n'
        'j:\n  script: [a, b]\n  after_script: [c]\n'
    )
    container = only(reading(tmp_path, text))
    assert commands(container) == [['d', 'a', 'b'], ['c']]
    assert [script.always for script in container.scripts] == [False, True]
    assert (container.system, container.name, container.visible) == ('gitlab-ci', 'j', True)
    assert container.place == Place(ROOT, text.index('j:\n'))
    assert container.image == Setting(
        (hole('IMAGE', '$IMAGE'),),
        (Place(ROOT, text.index('"$IMAGE"')), Place(ROOT, text.index('image:'))),
    )
    assert {text[place.offset :].partition(':')[0] for place in container.places} == {
        'j',
        'image',
        'before_script',
        'script',
        'after_script',
    }


def test_steps_share_the_container(tmp_path: Path) -> None:
    steps = '[{name: a, script: build}, {name: b, step: ./step}, {name: c, script: [push, x]}]'
    assert shown(reading(tmp_path, f'j: {{run: {steps}}}')) == {'j': [['build', 'push', 'x']]}


def test_a_job_in_three_files(tmp_path: Path) -> None:
    files = {
        ROOT: 'include: [b.yml, c.yml]\nj: {extends: .t}\n',
        'b.yml': '.t:\n  image: kaniko\n  script:\n    - !reference [.c, script]\n',
        'c.yml': '.c:\n  script: [one, two]\n',
    }
    containers = {
        container.name: container for container in reading(tmp_path, files, ('c.yml',)).containers
    }
    assert {place.file for place in containers['j'].definition} == set(files)
    assert [container.template for container in containers.values()] == [False, True, True]
    places = {
        name: [command.place(0) for command in container.scripts[0].commands]
        for name, container in containers.items()
    }
    # Templates consist of the same commands, so that one finding covers all.
    assert places['j'] == places['.c']
    assert [files[place.file][place.offset :][:3] for place in places['j']] == ['one', 'two']


def test_default_sections_may_stand_elsewhere(tmp_path: Path) -> None:
    files = {
        ROOT: 'include: [d.yml]\nj: {script: [a]}\n',
        'd.yml': 'default: {before_script: [!reference [.s, x]]}\n.s: {x: b}\n',
    }
    container = only(reading(tmp_path, files))
    assert commands(container) == [['b', 'a']]
    assert {place.file for place in container.places} == set(files)


VARIABLES = (
    pytest.param('variables: {A: g}\nj: {script: a}', {'A': ['g']}, id='global'),
    pytest.param('variables: {A: g}\nj: {script: a, variables: {A: j}}', {'A': ['j']}, id='own'),
    pytest.param('variables: {A: g}\nj: {script: a, inherit: {variables: false}}', {}, id='none'),
    pytest.param(
        'variables: {A: g, B: h}\nj: {script: a, inherit: {variables: [B]}}',
        {'B': ['h']},
        id='some',
    ),
    pytest.param(
        'variables: {A: {value: g, options: [g, h]}}\nj: {script: a}',
        {'A': ['g', 'h']},
        id='options',
    ),
    pytest.param('variables: {A: {description: d}}\nj: {script: a}', {'A': ['']}, id='prefilled'),
    pytest.param('variables: {A: [1]}\nj: {script: a}', {'A': ['1']}, id='a list'),
    pytest.param('j: {script: a, rules: [{variables: {A: r}}]}', {'A': ['r']}, id='every rule'),
    pytest.param(
        'j: {script: a, rules: [{if: $X, variables: {A: r}}, {when: always}]}',
        {'A': ['r', '']},
        id='one rule',
    ),
    pytest.param(
        'j: {script: a, rules: [{if: $X, variables: {A: r}}, {when: never}]}',
        {'A': ['r']},
        id='or never',
    ),
    pytest.param(
        'j: {script: a, variables: {A: j}, rules: [[{variables: {A: r}}], {if: $X}]}',
        {'A': ['r', 'j']},
        id='nested rules',
    ),
    pytest.param(
        'workflow: {rules: [{if: $X, variables: {A: w}}, {if: $Y}]}\n'
        'variables: {A: g}\nj: {script: a}',
        {'A': ['w', 'g']},
        id='workflow',
    ),
    pytest.param(
        'workflow: {rules: [{if: $X, variables: {A: w}}]}\nj: {script: a, variables: {A: j}}',
        {'A': ['j']},
        id='job over workflow',
    ),
    pytest.param(
        'workflow: {rules: [{if: $X, variables: {A: w}}]}\n'
        'j: {script: a, inherit: {variables: false}}',
        {},
        id='workflow not inherited',
    ),
    pytest.param(
        'j: {script: a, parallel: {matrix: [{A: [x, y], B: z}]}}',
        {'A': ['x', 'y'], 'B': ['z']},
        id='matrix',
    ),
    pytest.param(
        'j: {script: a, variables: {A: j}, parallel: {matrix: [{A: x}, {B: z}]}}',
        {'A': ['x', 'j'], 'B': ['z', '']},
        id='matrix of two rows',
    ),
    pytest.param(
        'j: {script: a, variables: {A: yes, B: 012}}', {'A': ['true'], 'B': ['10']}, id='YAML 1.1'
    ),
)


@pytest.mark.parametrize(('text', 'expected'), VARIABLES)
def test_variables(tmp_path: Path, text: str, expected: dict[str, list[str]]) -> None:
    assert values(only(reading(tmp_path, text))) == expected


def test_unknown_parts_of_values_are_holes(tmp_path: Path) -> None:
    text = (
        'variables: {A: {value: $B, expand: false}}\n'
        'j: {script: "$[[ inputs.x ]] $A", variables: {C: "$$x ${A}/$[[ matrix.X ]]%"}}\n'
    )
    (script,) = only(reading(tmp_path, text)).scripts
    assert script.variables['A'] == Setting((Text('$B'),), (Place(ROOT, text.index('A:')),))
    (value,) = script.variables['C'].values
    assert value.value == '$x ${A}/$[[ matrix.X ]]%'
    assert [gap.name for gap in value.holes] == ['A', 'matrix.X']
    # A shell expands the names in commands.
    (command,) = script.commands
    assert [(gap.start, gap.name) for gap in command.holes] == [(0, 'inputs.x')]
    assert command.place(4).offset == text.index('$[[')
    (root,) = script.variables['CI_PROJECT_DIR'].values
    assert [gap.name for gap in root.holes] == ['repository root']


def test_a_value_that_cannot_be_seen_is_unknown(tmp_path: Path) -> None:
    away = '!reference [.there, x]'
    result = reading(
        tmp_path,
        (
            'include: [{project: g/p, file: x.yml}]\n'
            f'variables: {{A: a, B: {away}, C: {{value: {away}}}, D: d}}\n'
            f'j: {{script: a, variables: {{A: {away}, B: b}},\n'
            f'    rules: [{{variables: {{D: {away}}}}}]}}\n'
        ),
    )
    assert values(only(result)) == {'A': [], 'B': ['b'], 'C': [], 'D': []}


@pytest.mark.parametrize(
    ('trigger', 'expected'),
    (
        pytest.param('{include: c.yml}', {'A': ['p'], 'B': ['c']}, id='forwarded'),
        pytest.param(
            '{include: [{local: c.yml}], forward: {yaml_variables: false}}',
            {'A': ['c'], 'B': ['c']},
            id='not forwarded',
        ),
    ),
)
def test_child_pipelines(tmp_path: Path, trigger: str, expected: dict[str, list[str]]) -> None:
    files = {
        ROOT: f't: {{trigger: {trigger}, variables: {{A: p}}}}\n',
        'c.yml': 'variables: {A: c, B: c}\nj: {script: build}\n',
    }
    container = only(reading(tmp_path, files))
    assert values(container) == expected
    assert container.place.file == 'c.yml'


def test_a_child_of_two_jobs_and_of_itself(tmp_path: Path) -> None:
    files = {
        ROOT: 't: {trigger: {include: c.yml}, variables: {A: p}}\nu: {trigger: {include: c.yml}}\n',
        'c.yml': 'j: {script: build}\nt: {trigger: {include: c.yml}, variables: {A: q}}\n',
    }
    assert values(only(reading(tmp_path, files, ('c.yml',)))) == {'A': ['p', 'q', '']}


def test_children_are_not_followed_for_ever(tmp_path: Path) -> None:
    files = {
        f'{i}.yml': f't: {{trigger: {{include: {i + 1}.yml}}}}\nj{i}: {{script: a}}'
        for i in range(600)
    }
    result = reading(tmp_path, {ROOT: 't: {trigger: {include: 0.yml}}', **files})
    assert len(result.containers) == 500


def test_files_that_no_pipeline_includes(tmp_path: Path) -> None:
    result = reading(
        tmp_path,
        {
            ROOT: 'j: {script: a}',
            'ci/t.yml': (
                'include: [{project: g/p, file: x.yml}, /ci/none.yml, ci/broken.yml, ci/u.yml]\n'
                '.t: {extends: [.unknown, .list], script: [!reference [.u, script], t, 1]}\n'
                '.list: [a]\nk: {extends: .k, script: [k]}\n.k: {extends: k}\n'
                'c: {trigger: {include: ci/child.yml}}\nm: {script: !reference [m, script]}\n'
            ),
            'ci/broken.yml': 'a: [',
            'ci/u.yml': '.u: {script: u}',
            'ci/child.yml': 'child: {script: c}',
        },
        ('ci/t.yml', 'ci/u.yml', ROOT),
    )
    assert shown(result) == {
        'j': [['a']],
        'k': [['k']],
        '(.u)': [['u']],
        '(.t)': [['u', 't']],
        'child': [['c']],
    }
    assert [container.name for container in result.containers if container.visible] == ['j']
    assert [note.message for note in result.notes] == [
        'include: project is not visible here',
        'include: `ci/none.yml` cannot be read',
        'include: `ci/broken.yml` cannot be read',
    ]
    assert result.problems == ()


def test_two_files_alone_that_include_each_other(tmp_path: Path) -> None:
    files = {'a.yml': 'include: b.yml\na: {script: a}', 'b.yml': 'include: a.yml\nb: {script: b}'}
    assert shown(reading(tmp_path, files, tuple(files))) == {'a': [['a']], 'b': [['b']]}


@pytest.mark.parametrize(
    ('files', 'file', 'message'),
    (
        pytest.param({ROOT: f'{KANIKO}j: ['}, ROOT, 'did not find', id='broken'),
        pytest.param({ROOT: f'{KANIKO}include: x.yml'}, ROOT, 'does not exist', id='missing'),
        pytest.param({ROOT: f'{KANIKO}include: x.txt'}, ROOT, 'YAML extension', id='no YAML'),
        pytest.param({ROOT: f'{KANIKO}j: {{extends: .x}}'}, ROOT, 'unknown keys', id='parent'),
        pytest.param({ROOT: f'{KANIKO}j: {{extends: j}}'}, ROOT, 'circular', id='cycle'),
        pytest.param({ROOT: f'{KANIKO}j: {{script: !reference [x]}}'}, ROOT, 'found', id='ref'),
        pytest.param(
            {ROOT: 'include: a.yml', 'a.yml': f'{KANIKO}a: ['},
            'a.yml',
            'did not',
            id='broken include',
        ),
        pytest.param(
            {ROOT: 'include: a.yml', 'a.yml': f'{KANIKO}include: b.yml', 'b.yml': 'include: a.yml'},
            'b.yml',
            '`a.yml` includes itself',
            id='circle',
        ),
        pytest.param(
            {'x.gitlab-ci.yml': f'{KANIKO}a: ['},
            'x.gitlab-ci.yml',
            'did not',
            id='alone, with a name of GitLab',
        ),
        pytest.param(
            {ROOT: 't: {trigger: {include: c.yml}}', 'c.yml': f'{KANIKO}a: ['},
            'c.yml',
            'did not',
            id='broken child',
        ),
        pytest.param(
            {ROOT: f'{KANIKO}.x: &x [{"a," * 1_000}]\nj: {{script: [{"*x, " * 100}]}}'},
            ROOT,
            'too large',
            id='large',
        ),
        pytest.param(
            {
                **{f'{i}.yml': f'include: [{i + 1}.yml, {i + 1}.yml]' for i in range(12)},
                ROOT: f'{KANIKO}include: 0.yml',
                '12.yml': 'j: {script: a}',
            },
            '11.yml',
            'Maximum of 1000',
            id='many includes',
        ),
    ),
)
def test_problems(tmp_path: Path, files: Files, file: str, message: str) -> None:
    (problem,) = reading(tmp_path, files, tuple(files)).problems
    assert message in problem.message
    assert '\n' not in problem.message
    assert problem.place.file == file


def test_the_readable_part_of_a_broken_pipeline_is_read(tmp_path: Path) -> None:
    result = reading(tmp_path, f'{KANIKO}include: none.yml\nj: {{extends: .x, script: a}}')
    assert commands(only(result)) == [['a']]
    assert not only(result).visible
    assert len(result.problems) == 1


def test_a_root_file_that_cannot_be_read_at_all(tmp_path: Path) -> None:
    (tmp_path / ROOT).write_bytes('a: b'.encode('utf-16'))
    (problem,) = reading(tmp_path, {}).problems
    assert 'UTF-16' in problem.message


def test_configurations_elsewhere(tmp_path: Path) -> None:
    files = {'ci/main.yml': 'include: a.yml\n', 'a.yml': 'j: {script: a}'}
    result = reading(tmp_path, files, ('a.yml',), ('ci/main.yml', 'ci/none.yml'))
    assert only(result).visible
    # Two pipelines have the same job.
    result = reading(tmp_path, {ROOT: 'include: a.yml'}, (), ('ci/main.yml', 'ci/none.yml'))
    assert only(result).visible
    (problem,) = result.problems
    assert (problem.place, problem.message) == (Place('ci/none.yml', 0), 'there is no such file')


@pytest.mark.parametrize(
    'rules',
    (
        '{if: $CI}',
        '{if: $TAG, when: never}, {when: always}',
        '{exists: [none]}',
        '{exists: {paths: [none], project: g/p}}',
        '{changes: [x]}',
    ),
)
def test_files_that_some_pipelines_include(tmp_path: Path, rules: str) -> None:
    files = {
        ROOT: f'include: {{local: i.yml, rules: [{rules}]}}\nj: {{script: a}}',
        'i.yml': 'i: {script: i}',
    }
    assert shown(reading(tmp_path, files)) == {'i': [['i']], 'j': [['a']]}


def test_a_file_that_some_pipelines_include_may_be_missing(tmp_path: Path) -> None:
    files = {
        ROOT: f'{KANIKO}include: [{{local: b.yml, rules: [{{if: $TAG}}]}}]\nk: {{script: k}}',
        'b.yml': 'include: [b.yml, none.yml, x.txt]\nj: {script: b}',
    }
    result = reading(tmp_path, files)
    assert shown(result) == {'j': [['b']], 'k': [['k']]}
    assert [note.message for note in result.notes] == [
        'include: `none.yml` cannot be read',
        'include: `x.txt` cannot be read',
    ]
    assert result.problems == ()


def test_an_empty_file_includes_nothing(tmp_path: Path) -> None:
    result = reading(tmp_path, {ROOT: 'include: e.yml\nj: {script: a, image: {a: b}}', 'e.yml': ''})
    assert commands(only(result)) == [['a']]
    assert (result.notes, result.problems, only(result).image) == ((), (), None)


def test_paths_with_variables_cannot_be_seen(tmp_path: Path) -> None:
    files = {ROOT: 'include: ["**.yml", ci/$X.yml]\nj: {extends: .x, script: a}', 'b.yml': 'x: {}'}
    result = reading(tmp_path, files)
    assert shown(result) == {'j': [['a']]}
    assert [note.message for note in result.notes] == [
        'include: local with variables or many wildcards is not visible here'
    ]


def big(jobs: int, files: int) -> Files:
    text = ''.join(
        f'job-F-{i}:\n  extends: [.base, .F]\n  variables: {{N: "{i}"}}\n'
        '  script:\n    - !reference [.base, setup]\n    - /kaniko/executor --cache=true\n'
        for i in range(jobs // files)
    )
    shared = '.base: {image: kaniko, setup: [a, b], after_script: [c]}\n'
    return {
        ROOT: shared + 'include: ci/*.yml\n',
        **{f'ci/{n}.yml': f'.F: {{tags: [t]}}\n{text}'.replace('F', f'f{n}') for n in range(files)},
    }


def test_work_is_proportional_to_size(tmp_path: Path) -> None:
    work = []
    for jobs, files in ((80, 4), (400, 20)):
        repository = Repository(str(written(tmp_path / str(jobs), big(jobs, files))))
        work.append(calls(lambda: read(repository, (ROOT,), ())))
        assert len(read(repository, (ROOT,), ()).containers) == jobs + 1
    # Five times the jobs; a second look at each for each would be twenty-five.
    assert work[1] < 6 * work[0]
