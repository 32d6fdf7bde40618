from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from kaniko_hooks.ci.gitlab.containers import read
from kaniko_hooks.model import Container, Place, Reading, Variable
from kaniko_hooks.project import Repository
from tests.gitlab_read import ROOT, Files, written
from tests.work import calls

KANIKO = 'image: kaniko\n'


def reading(
    folder: Path, files: Files | str, named: Sequence[str] = (), configs: Sequence[str] = ()
) -> Reading:
    return read(Repository(str(written(folder, files))), named, configs)


def ran(container: Container) -> list[list[str]]:
    return [[command.text for command in part.commands] for part in container.parts]


def shown(found: Reading) -> dict[str, list[list[str]]]:
    """What each container runs; templates are in brackets."""
    return {
        f'({container.name})' if container.template else container.name: ran(container)
        for container in found.containers
    }


def only(found: Reading) -> Container:
    assert len(found.containers) == 1, shown(found)
    return found.containers[0]


def values(container: Container) -> dict[str, tuple[str, ...]]:
    return {name: each.values for name, each in container.parts[0].variables.items()}


@pytest.mark.parametrize(
    ('files', 'named', 'configs'),
    (
        pytest.param({}, (), (), id='no files'),
        pytest.param({ROOT: ''}, (ROOT,), (), id='empty'),
        pytest.param({ROOT: 'j: ['}, (ROOT,), (), id='broken, but not about Kaniko'),
        pytest.param({ROOT: 'include: x.yml'}, (ROOT,), (), id='missing include, no Kaniko'),
        pytest.param({'t.yml': 'image: kaniko\nj: ['}, ('t.yml',), (), id='broken, elsewhere'),
        pytest.param({'t.yml': '- kaniko'}, ('t.yml',), (), id='a list'),
        pytest.param({ROOT: 'j: {trigger: g/p}'}, (ROOT,), (), id='a trigger job'),
        pytest.param({ROOT: 'j: {image: kaniko}\n.h: [a]'}, (ROOT,), (), id='no commands'),
        pytest.param({ROOT: 'j: {trigger: {include: none.yml}}'}, (ROOT,), (), id='no child'),
        pytest.param({ROOT: 'j: {trigger: {include: }}'}, (ROOT,), (), id='null child'),
    ),
)
def test_nothing_to_say(
    tmp_path: Path, files: Files, named: Sequence[str], configs: Sequence[str]
) -> None:
    found = reading(tmp_path, files, named, configs)
    assert (found.containers, found.problems) == ((), ())
    assert found.files <= files.keys()


def test_a_job_is_one_container(tmp_path: Path) -> None:
    text = (
        'default: {image: {name: "$IMAGE", entrypoint: [""]}, before_script: [d]}\n'
        'j:\n  script: [a, b]\n  after_script: [c]\n'
    )
    container = only(reading(tmp_path, text))
    assert ran(container) == [['d', 'a', 'b'], ['c']]
    assert [part.always for part in container.parts] == [False, True]
    assert [part.form for part in container.parts] == ['script', 'script']
    assert (container.system, container.name, container.visible) == ('gitlab-ci', 'j', True)
    assert container.place == Place(ROOT, text.index('j:\n'))
    assert container.image == Variable(
        ('$IMAGE',), (Place(ROOT, text.index('"$IMAGE"')), Place(ROOT, text.index('image:'))), True
    )
    assert {text[place.offset :].partition(':')[0] for place in container.places} == {
        'j',
        'image',
        'before_script',
        'script',
        'after_script',
    }


def test_steps_share_the_container(tmp_path: Path) -> None:
    container = only(
        reading(
            tmp_path,
            (
                'j:\n  variables: {A: a, B: b}\n  run:\n'
                '    - {name: one, script: build, env: {A: x}}\n'
                '    - {name: two, step: ./step}\n    - {name: three, script: push}\n'
            ),
        )
    )
    assert ran(container) == [['build'], ['push']]
    assert [part.variables['A'].values for part in container.parts] == [('x',), ('a',)]


def test_a_job_in_three_files(tmp_path: Path) -> None:
    files = {
        ROOT: 'include: [b.yml, c.yml]\nj: {extends: .t}\n',
        'b.yml': '.t:\n  image: kaniko\n  script:\n    - !reference [.c, script]\n',
        'c.yml': '.c:\n  script: [one, two]\n',
    }
    containers = {each.name: each for each in reading(tmp_path, files, ('c.yml',)).containers}
    assert {place.file for place in containers['j'].places} == set(files)
    assert [each.template for each in containers.values()] == [False, True, True]
    commands = containers['j'].parts[0].commands
    assert [(each.file, each.text) for each in commands] == [('c.yml', 'one'), ('c.yml', 'two')]
    # Templates are made of the same commands, so that one finding covers all.
    assert [each.offset for each in containers['.c'].parts[0].commands] == [
        each.offset for each in commands
    ]


def test_default_sections_may_stand_elsewhere(tmp_path: Path) -> None:
    container = only(
        reading(
            tmp_path,
            {
                ROOT: 'include: [d.yml]\nj: {script: [a]}\n',
                'd.yml': 'default: {before_script: [!reference [.s, x]]}\n.s: {x: b}\n',
            },
        )
    )
    assert ran(container) == [['b', 'a']]
    assert {place.file for place in container.places} == {ROOT, 'd.yml'}


VARIABLES = (
    pytest.param('variables: {A: g}\nj: {script: a}', {'A': ('g',)}, id='global'),
    pytest.param('variables: {A: g}\nj: {script: a, variables: {A: j}}', {'A': ('j',)}, id='own'),
    pytest.param('variables: {A: g}\nj: {script: a, inherit: {variables: false}}', {}, id='none'),
    pytest.param(
        'variables: {A: g, B: h}\nj: {script: a, inherit: {variables: [B]}}',
        {'B': ('h',)},
        id='some',
    ),
    pytest.param(
        'variables: {A: {value: g, options: [g, h]}}\nj: {script: a}',
        {'A': ('g', 'h')},
        id='options',
    ),
    pytest.param('variables: {A: {description: d}}\nj: {script: a}', {'A': ('',)}, id='prefilled'),
    pytest.param('variables: {A: [1]}\nj: {script: a}', {'A': ('',)}, id='no value'),
    pytest.param('j: {script: a, rules: [{variables: {A: r}}]}', {'A': ('r',)}, id='every rule'),
    pytest.param(
        'j: {script: a, rules: [{if: $X, variables: {A: r}}, {when: always}]}',
        {'A': ('r', '')},
        id='one rule',
    ),
    pytest.param(
        'j: {script: a, rules: [{if: $X, variables: {A: r}}, {when: never}]}',
        {'A': ('r',)},
        id='or never',
    ),
    pytest.param(
        'j: {script: a, variables: {A: j}, rules: [[{variables: {A: r}}], {if: $X}]}',
        {'A': ('r', 'j')},
        id='nested rules',
    ),
    pytest.param(
        'workflow: {rules: [{if: $X, variables: {A: w}}, {if: $Y}]}\n'
        'variables: {A: g}\nj: {script: a}',
        {'A': ('w', 'g')},
        id='workflow',
    ),
    pytest.param(
        'workflow: {rules: [{if: $X, variables: {A: w}}]}\nj: {script: a, variables: {A: j}}',
        {'A': ('j',)},
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
        {'A': ('x', 'y'), 'B': ('z',)},
        id='matrix',
    ),
    pytest.param(
        'j: {script: a, variables: {A: j}, parallel: {matrix: [{A: x}, {B: z}]}}',
        {'A': ('x', 'j'), 'B': ('z',)},
        id='matrix of two rows',
    ),
    pytest.param(
        'j: {script: a, variables: {A: yes, B: 012}}', {'A': ('true',), 'B': ('10',)}, id='YAML 1.1'
    ),
)


@pytest.mark.parametrize(('text', 'expected'), VARIABLES)
def test_variables(tmp_path: Path, text: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert values(only(reading(tmp_path, text))) == expected


def test_variables_have_places_and_may_be_raw(tmp_path: Path) -> None:
    text = 'variables: {A: {value: $B, expand: false}}\nj: {script: a, variables: {C: $A}}\n'
    variables = only(reading(tmp_path, text)).parts[0].variables
    assert variables == {
        'A': Variable(('$B',), (Place(ROOT, text.index('A:')),), False),
        'C': Variable(('$A',), (Place(ROOT, text.index('C:')),), True),
    }


def test_a_value_that_cannot_be_seen_is_unknown(tmp_path: Path) -> None:
    away = '!reference [.there, x]'
    found = reading(
        tmp_path,
        (
            'include: [{project: g/p, file: x.yml}]\n'
            f'variables: {{A: a, B: {away}, C: {{value: {away}}}, D: d}}\n'
            f'j: {{script: a, variables: {{A: {away}, B: b}}, rules: [{{variables: {{D: {away}}}}}]}}\n'
        ),
    )
    assert values(only(found)) == {'B': ('b',)}


@pytest.mark.parametrize(
    ('trigger', 'expected'),
    (
        pytest.param('{include: c.yml}', {'A': ('p',), 'B': ('c',)}, id='handed over'),
        pytest.param(
            '{include: [{local: c.yml}], forward: {yaml_variables: false}}',
            {'A': ('c',), 'B': ('c',)},
            id='not handed over',
        ),
    ),
)
def test_child_pipelines(
    tmp_path: Path, trigger: str, expected: dict[str, tuple[str, ...]]
) -> None:
    found = reading(
        tmp_path,
        {
            ROOT: f't: {{trigger: {trigger}, variables: {{A: p}}}}\n',
            'c.yml': 'variables: {A: c, B: c}\nj: {script: build}\n',
        },
    )
    assert values(only(found)) == expected
    assert only(found).place.file == 'c.yml'


def test_a_child_of_two_jobs_and_of_itself(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        {
            ROOT: 't: {trigger: {include: c.yml}, variables: {A: p}}\nu: {trigger: {include: c.yml}}',
            'c.yml': 'j: {script: build}\nt: {trigger: {include: c.yml}, variables: {A: q}}\n',
        },
        ('c.yml',),
    )
    assert values(only(found)) == {'A': ('p', 'q', '')}


def test_files_that_no_pipeline_includes(tmp_path: Path) -> None:
    found = reading(
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
    assert shown(found) == {
        'j': [['a']],
        'k': [['k']],
        '(.u)': [['u']],
        '(.t)': [['u', 't']],
        'child': [['c']],
    }
    assert {each.name: each.visible for each in found.containers} == {
        'j': True,
        'k': False,
        '.u': False,
        '.t': False,
        'child': False,
    }
    assert [note.message for note in found.notes] == [
        'include: project is not visible here',
        'include: `ci/none.yml` is not here',
        'include: `ci/broken.yml` is not here',
    ]
    assert found.problems == ()


def test_includes_that_a_newer_gitlab_may_know(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        {
            ROOT: f'{KANIKO}include: [{{space: a}}, {{local: a.yml, rules: [{{when: x}}]}}]\n'
            'j: {extends: .gone, script: a}\n',
            'a.yml': 'a: {script: a}',
        },
    )
    assert found.problems == ()
    assert [container.name for container in found.containers] == ['j']
    assert 'valid subkey' in found.notes[0].message
    assert 'unknown value: x' in found.notes[1].message


def test_wildcards_as_a_newer_gitlab_takes_them(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        {
            ROOT: 'include: [{local: "/**.yml", inputs: {x: built}}]\nj: {script: a}\n',
            'ci/a.yml': 'spec: {inputs: {x: }}\n---\na: {script: "echo $[[ inputs.x ]]"}\n',
        },
    )
    assert shown(found) == {'a': [['echo built']], 'j': [['a']]}


def test_two_files_alone_that_include_each_other(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        {'a.yml': 'include: b.yml\na: {script: a}', 'b.yml': 'include: a.yml\nb: {script: b}'},
        ('a.yml', 'b.yml'),
    )
    assert shown(found) == {'a': [['a']], 'b': [['b']]}


def test_inputs_of_a_file_alone_may_stand_elsewhere(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        {
            'a.yml': 'spec: {include: none.yml}\n---\nj: {script: "a $[[ inputs.x ]]"}\n',
            'b.yml': 'spec: {include: in.yml, inputs: {x: {default: own}}}\n---\n'
            'k: {script: "b $[[ inputs.x ]]"}\n',
            'in.yml': 'inputs: {x: {default: other}}\n',
        },
        ('a.yml', 'b.yml'),
    )
    assert shown(found) == {'j': [['a $[[ inputs.x ]]']], 'k': [['b own']]}
    assert [note.message for note in found.notes] == ['include: `none.yml` is not here']


def test_inputs_of_a_file_alone(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        {
            'templates/c.yml': (
                'spec: {inputs: {must: , may: {default: "--cache=true"}, n: {type: number}}}\n---\n'
                '"b-$[[ inputs.must ]]": {script: ["b $[[ inputs.may | expand_vars ]] $[[ inputs.n ]]", '
                '"$[[ inputs.must | new ]]", "$[[ inputs.may | new ]] $[[ component.name ]]"]}\n'
            )
        },
        ('templates/c.yml',),
    )
    assert shown(found) == {
        'b-$[[ inputs.must ]]': [
            [
                'b --cache=true $[[ inputs.n ]]',
                '$[[ inputs.must | new ]]',
                '$[[ inputs.may | new ]] $[[ component.name ]]',
            ]
        ]
    }


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
            id='alone, with a name that says CI',
        ),
        pytest.param(
            {ROOT: 't: {trigger: {include: c.yml}}', 'c.yml': f'{KANIKO}a: ['},
            'c.yml',
            'did not',
            id='broken child',
        ),
        pytest.param(
            {
                ROOT: f'{KANIKO}include: []\nj: {{script: ['
                + 'a,' * 50_001
                + f'{"[a, a]," * 30_000}]}}'
            },
            ROOT,
            'too large',
            id='large',
        ),
    ),
)
def test_problems(tmp_path: Path, files: Files, file: str, message: str) -> None:
    found = reading(tmp_path, files, tuple(files))
    assert [problem.place.file for problem in found.problems] == [file]
    assert message in found.problems[0].message
    assert '\n' not in found.problems[0].message


def test_what_can_be_read_of_a_broken_pipeline_is_judged(tmp_path: Path) -> None:
    found = reading(tmp_path, f'{KANIKO}include: none.yml\nj: {{extends: .x, script: a}}')
    assert ran(only(found)) == [['a']]
    assert not only(found).visible
    assert len(found.problems) == 1


def test_configurations_elsewhere(tmp_path: Path) -> None:
    files = {'ci/main.yml': 'include: a.yml\n', 'a.yml': 'j: {script: a}'}
    found = reading(tmp_path, files, ('a.yml',), ('ci/main.yml', 'ci/none.yml'))
    assert only(found).visible
    assert [tuple(problem)[:2] for problem in found.problems] == [
        (Place('ci/none.yml', 0), 'there is no such file')
    ]


@pytest.mark.parametrize(
    ('rules', 'expected'),
    (
        pytest.param('{if: $CI}', {'j': [['a']], 'i': [['i']]}, id='on main'),
        pytest.param('{if: $TAG}', {'j': [['a']], 'i': [['i']]}, id='elsewhere'),
        pytest.param('{if: $TAG, when: never}', {'j': [['a']]}, id='never'),
        pytest.param('{if: \'"a" == "b"\'}', {'j': [['a']]}, id='certainly not'),
        pytest.param('{exists: [none]}', {'j': [['a']]}, id='not there'),
        pytest.param('{exists: [$NONE]}', {'j': [['a']], 'i': [['i']]}, id='may be there'),
        pytest.param('{changes: [x]}', {'j': [['a']], 'i': [['i']]}, id='changes'),
    ),
)
def test_files_that_some_pipelines_include(
    tmp_path: Path, rules: str, expected: dict[str, list[list[str]]]
) -> None:
    assert (
        shown(
            reading(
                tmp_path,
                {
                    ROOT: f'include: {{local: i.yml, rules: [{rules}]}}\nj: {{script: a}}',
                    'i.yml': 'i: {script: i}',
                },
            )
        )
        == expected
    )


def test_a_job_that_another_pipeline_has_differently_is_judged_twice(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        {
            ROOT: 'include: [a.yml, {local: b.yml, rules: [{if: $TAG}]}, '
            '{local: none.yml, rules: [{if: $TAG}]}]\nk: {script: k}',
            'a.yml': 'j: {script: a}',
            'b.yml': 'include: [b.yml, a.yml]\nj: {script: b}',
        },
        ('b.yml',),
    )
    assert [(each.name, ran(each)) for each in found.containers] == [
        ('j', [['a']]),
        ('k', [['k']]),
        ('j', [['b']]),
    ]
    assert found.problems == ()


def test_includes_in_the_check_know_no_limit_of_150(tmp_path: Path) -> None:
    found = reading(
        tmp_path, {ROOT: f'include: [{", ".join(["a.yml"] * 151)}]', 'a.yml': 'j: {script: a}'}
    )
    assert ran(only(found)) == [['a']]
    files = {f'{i}.yml': f'{KANIKO}include: [{i + 1}.yml, {i + 1}.yml]' for i in range(12)}
    found = reading(tmp_path, {ROOT: 'include: 0.yml', **files, '12.yml': 'j: {script: a}'})
    assert [problem.message for problem in found.problems] == [
        'Maximum of 1000 nested includes are allowed!'
    ]


def test_an_empty_file_includes_nothing(tmp_path: Path) -> None:
    found = reading(tmp_path, {ROOT: f'{KANIKO}include: e.yml\nj: {{script: a}}', 'e.yml': ''})
    assert ran(only(found)) == [['a']]
    assert (found.notes, found.problems) == ((), ())


def test_a_text_that_is_too_large_for_inputs_stays(tmp_path: Path) -> None:
    text = '$[[ inputs.x ]]' + 'a' * 1024 * 1024
    found = reading(
        tmp_path,
        (f'spec: {{inputs: {{x: {{default: b}}}}}}\n---\nj: {{script: "{text}", image: {{a: b}}}}'),
    )
    assert ran(only(found)) == [[text]]
    assert only(found).image is None


def test_references_of_all_kinds_are_walked(tmp_path: Path) -> None:
    text = (
        'include: {template: x}\n.a: &a [!reference [.b], !reference [.gone, x], *c]\n'
        '.b: [b, {x: !reference [.a]}]\n'
        'j: {script: [*a, *a, !reference [.a], !reference [.a]]}\n'
    ).replace('*c', 'c')
    container = only(reading(tmp_path, text))
    assert ran(container) == [['b', 'c'] * 4]
    assert {
        Place(ROOT, text.index(part))
        for part in ('!reference [.b]', '!reference [.gone', '!reference [.a]}]', '[b, {x', '&a')
    } <= set(container.places)


def test_children_are_not_followed_for_ever(tmp_path: Path) -> None:
    files = {
        f'{i}.yml': f't: {{trigger: {{include: {i + 1}.yml}}}}\nj{i}: {{script: a}}'
        for i in range(600)
    }
    found = reading(tmp_path, {ROOT: 't: {trigger: {include: 0.yml}}', **files})
    assert len(found.containers) == 500


def test_paths_with_variables_cannot_be_seen(tmp_path: Path) -> None:
    found = reading(
        tmp_path,
        {ROOT: 'include: ["**.yml", ci/$X.yml]\nj: {extends: .x, script: a}', 'b.yml': 'x: {}'},
    )
    assert shown(found) == {'j': [['a']]}
    assert [note.message for note in found.notes] == [
        'include: local with variables is not visible here'
    ]


def big(jobs: int, files: int) -> Files:
    each = ''.join(
        f'job-F-{i}:\n  extends: [.base, .F]\n  variables: {{N: "{i}"}}\n'
        '  script:\n    - !reference [.base, setup]\n    - /kaniko/executor --cache=true\n'
        for i in range(jobs // files)
    )
    shared = '.base: {image: kaniko, setup: [a, b], after_script: [c]}\n'
    return {
        ROOT: shared + 'include: ci/*.yml\n',
        **{f'ci/{n}.yml': f'.F: {{tags: [t]}}\n{each}'.replace('F', str(n)) for n in range(files)},
    }


def test_work_is_proportional_to_size(tmp_path: Path) -> None:
    work = []
    for jobs, files in ((500, 15), (2_500, 75)):
        folder = tmp_path / str(jobs)
        folder.mkdir()
        repository = Repository(str(written(folder, big(jobs, files))))
        work.append(calls(lambda: read(repository, (ROOT,), ())))
        found = read(repository, (ROOT,), ())
        assert len(found.containers) == jobs // files * files + 1
    # Five times the jobs; a second look at each for each would be twenty-five.
    assert work[1] < 6 * work[0]
