from __future__ import annotations

import pytest

from kaniko_hooks.model import ARGUMENTS, ARGV, Container, Place, Reading, ScriptPart, Variable
from tests.other_ci import only, reading, shown, texts

PATH = '.github/workflows/a.yml'
ACTION = '.github/actions/build/action.yml'


def _job(text: str, files: dict[str, str] | None = None, head: str = '') -> Container:
    lines = ''.join(f'    {line}\n' for line in text.splitlines())
    return only(reading(PATH, f'on: push\n{head}jobs:\n  build:\n{lines}', files))


def _step(text: str, head: str = '') -> ScriptPart:
    (part,) = _job(text, head=head).parts
    return part


@pytest.mark.parametrize(
    'text',
    (
        '{on: push}',
        '{on: push, jobs: {a: {uses: ./.github/workflows/b.yml}}}',
        '{on: push, jobs: {a: {steps: [{uses: actions/checkout@v4}]}}}',
        '{on: push, jobs: {a: {if: false, steps: [{run: a}]}}}',
        '{on: push, jobs: {a: {steps: [{if: "${{ false }}", run: a}]}}}',
        '{on: push, jobs: {a: {steps: [{run: [a]}, a, [b]]}}}',
        '{on: push, jobs: {a: {services: {b: {image: c}}}}}',
        '{on: push, jobs: {a: {steps: [{uses: "docker://a"}]}}}',
        '{on: push, jobs: {a: {steps: [{uses: "docker://a", with: {args: [b]}}]}}}',
    ),
)
def test_nothing_runs(text: str) -> None:
    assert reading(PATH, text) == Reading(())


def test_a_job_is_a_container_and_its_run_steps_are_parts_in_order() -> None:
    container = _job('steps:\n- run: a\n- uses: x/y@v1\n- run: |\n    b\n    c')
    assert (container.system, container.name) == ('github-actions', 'jobs.build')
    assert container.place == Place(PATH, 17)
    assert container.image is None
    assert texts(container) == [['a'], ['b\nc\n']]
    assert [part.always for part in container.parts] == [False, False]
    assert container.visible and not container.template


@pytest.mark.parametrize('container', ('img:1', '{image: img:1}', '{image: "${{ env.I }}"}'))
def test_the_image_of_the_job_container(container: str) -> None:
    found = _job(f'env: {{I: "img:1"}}\ncontainer: {container}\nsteps: [{{run: a}}]')
    assert found.image is not None
    assert found.image.values == ('img:1',)


@pytest.mark.parametrize(
    ('job', 'head', 'expected'),
    (
        ('steps: [{run: a}]', '', 'bash'),
        ('container: b\nsteps: [{run: a}]', '', 'sh'),
        ('container: b\nsteps: [{run: a, shell: "bash -eo pipefail {0}"}]', '', 'bash'),
        ('defaults: {run: {shell: /busybox/sh -e}}\nsteps: [{run: a}]', '', 'sh'),
        ('steps: [{run: a}]', 'defaults: {run: {shell: python}}\n', 'python'),
        ('steps: [{run: a, shell: pwsh}]', '', 'pwsh'),
    ),
)
def test_the_shell_of_a_step(job: str, head: str, expected: str) -> None:
    assert _step(job, head).shell == expected


@pytest.mark.parametrize(
    ('job', 'expected'),
    (
        ('steps: [{run: a}]', ''),
        ('steps: [{run: a, working-directory: x/y/}]', 'x/y'),
        ('defaults: {run: {working-directory: ./x}}\nsteps: [{run: a}]', 'x'),
        ('steps: [{run: a, working-directory: "${{ github.workspace }}/x"}]', 'x'),
        ('steps: [{run: a, working-directory: "${{ env.UNKNOWN }}/x"}]', None),
        ('env: {D: x}\nsteps: [{run: a, working-directory: "${{ env.D }}"}]', 'x'),
        ('steps: [{run: a, working-directory: ../x}]', None),
        ('steps: [{run: a, working-directory: /x}]', None),
    ),
)
def test_where_a_step_starts(job: str, expected: str | None) -> None:
    assert _step(job).directory == expected


def test_env_of_all_levels() -> None:
    part = _step(
        'env: {B: job, C: job, D: job}\ncontainer: {image: i, env: {C: container, G: container}}\n'
        'steps: [{run: a, env: {D: "${{ env.A }}-${{ env.B }}", E: {x: y}, F: ~}}]',
        'env: {A: workflow, B: workflow}\n',
    )
    values = {name: variable.values for name, variable in part.variables.items()}
    assert values == {
        'A': ('workflow',),
        'B': ('job',),
        'C': ('job',),
        'G': ('container',),
        'D': ('workflow-job',),
        'E': (),
        'F': ('',),
    }
    assert part.variables['A'].places == (Place(PATH, 15),)


@pytest.mark.parametrize(
    ('head', 'expected'),
    (
        ('', 'x ${{ env.A }}'),
        ('env: {A: b}\n', 'x b'),
        ('env: {A: "${{ secrets.B }}"}\n', 'x ${{ env.A }}'),
        ('env: {A: "-${{ secrets.B }}"}\n', 'x ${{ env.A }}'),
    ),
)
def test_references_in_a_command(head: str, expected: str) -> None:
    assert _step('steps: [{run: "x ${{ env.A }}"}]', head).commands[0].text == expected


@pytest.mark.parametrize(
    ('matrix', 'expected'),
    (
        ('{a: [1, 2]}', ('1', '2')),
        ('{a: [1, 1]}', ('1',)),
        ('{b: [1], include: [{a: 3}, {a: 4}]}', ('3', '4')),
        ('{a: [1], include: [{a: 3}], exclude: [{a: 1}]}', ('1', '3')),
        ('{include: [{a: 1}, {a: 2}]}', ('1', '2')),
        ('{include: [{a: 1}, {b: 2}]}', ('1', '')),
        ('{a: [[x]]}', ()),
        ('"${{ fromJson(x) }}"', ()),
    ),
)
def test_cells_of_a_matrix_are_alternatives(matrix: str, expected: tuple[str, ...]) -> None:
    part = _step(
        f'strategy: {{matrix: {matrix}}}\nenv: {{A: "${{{{ matrix.a }}}}"}}\nsteps: [{{run: a}}]'
    )
    assert part.variables['A'].values == expected


def test_objects_in_a_matrix_and_a_second_open_reference() -> None:
    part = _step(
        'strategy: {matrix: {a: [{x: 1, z: [q]}, {x: 2}], b: [3, 4]}}\n'
        'env: {X: "-${{ matrix.a.x }}", XB: "${{ matrix.a.x }}${{ matrix.b }}"}\n'
        'steps: [{run: "${{ matrix.a.x }}", working-directory: "${{ matrix.b }}"}]'
    )
    assert part.variables['X'].values == ('-1', '-2')
    assert part.variables['XB'].values == ('${matrix_a_x}${matrix_b}',)
    assert part.commands[0].text == '${{ matrix.a.x }}'
    assert part.directory is None


@pytest.mark.parametrize(
    ('inputs', 'expected'),
    (
        ('{x: {default: a}}', 'a'),
        ('{x: {default: a, options: [a, b]}}', '${{ inputs.x }}'),
        ('{x: {type: string}}', '${{ inputs.x }}'),
        ('{x: {default: "${{ b }}"}}', '${{ inputs.x }}'),
    ),
)
@pytest.mark.parametrize('trigger', ('workflow_call', 'workflow_dispatch'))
def test_inputs_of_a_workflow(trigger: str, inputs: str, expected: str) -> None:
    text = (
        f'on: {{{trigger}: {{inputs: {inputs}}}}}\njobs: {{a: {{steps: [{{run: "'
        '${{ inputs.x }}"}]}}'
    )
    assert texts(only(reading(PATH, text))) == [[expected]]


def test_opposite_ifs_and_steps_that_run_after_a_failure() -> None:
    container = _job(
        'steps:\n- {run: a, if: inputs.x}\n- {run: b, if: "!inputs.x"}\n'
        '- {run: c, continue-on-error: true}\n- {run: d}\n- {run: e, if: always()}'
    )
    assert [shown(part.guard) for part in container.parts] == [
        'inputs.x?',
        'not inputs.x?',
        'True',
        'True',
        'None',
    ]
    assert [part.always for part in container.parts] == [False, False, False, True, True]


COMPOSITE = """\
inputs: {name: {default: one}, flag: {default: --x}}
runs:
  using: composite
  steps:
    - {run: "build ${{ inputs.name }} ${{ inputs.flag }}", shell: sh}
    - {run: "${{ github.action_path }}/y", shell: bash, if: inputs.z}
"""


def test_a_composite_action_runs_in_the_container_of_its_caller() -> None:
    container = _job(
        'steps:\n- uses: ./.github/actions/build\n'
        '- uses: ./.github/actions/build\n  if: a\n  env: {E: f}\n'
        '  with: {name: two, flag: "${{ secrets.x }}", other: [a]}',
        {ACTION: COMPOSITE},
    )
    assert texts(container) == [
        ['build one --x'],
        ['${{ github.workspace }}/.github/actions/build/y'],
        ['build two ${{ inputs.flag }}'],
        ['${{ github.workspace }}/.github/actions/build/y'],
    ]
    assert {command.file for part in container.parts for command in part.commands} == {ACTION}
    assert [shown(part.guard) for part in container.parts] == [
        'True',
        f'{PATH}:41 inputs.z?',
        'a?',
        f'(a? and {PATH}:77 inputs.z?)',
    ]
    assert [part.calls for part in container.parts] == [(Place(PATH, 41),)] * 2 + [
        (Place(PATH, 77),)
    ] * 2
    assert container.parts[2].variables['E'].values == ('f',)
    assert container.parts[0].variables['GITHUB_ACTION_PATH'] == Variable(
        ('$GITHUB_WORKSPACE/.github/actions/build',), expand=True
    )
    assert [place.file for place in container.places] == [PATH] * 3


def test_an_action_of_its_own_may_have_callers_elsewhere() -> None:
    container = only(reading('action.yaml', COMPOSITE))
    assert (container.name, container.template) == ('runs', True)
    assert texts(container)[0] == ['build one --x']


@pytest.mark.parametrize(
    'files',
    (
        pytest.param({}, id='missing'),
        pytest.param({ACTION: '{'}, id='no YAML'),
        pytest.param({ACTION: ''}, id='empty'),
    ),
)
def test_an_action_that_cannot_be_read_is_noted(files: dict[str, str]) -> None:
    result = reading(
        PATH, 'on: push\njobs: {a: {steps: [{run: a}, {uses: ./.github/actions/build}]}}', files
    )
    assert [note.message for note in result.notes] == [
        'the action ./.github/actions/build is not visible here'
    ]
    assert not only(result).visible


def test_an_action_outside_the_repository_is_not_read() -> None:
    result = reading(PATH, 'on: push\njobs: {a: {steps: [{uses: ./../../x}, {run: b}]}}')
    assert len(result.notes) == 1


def test_actions_that_call_themselves_or_many_others_end() -> None:
    loop = 'runs: {using: composite, steps: [{run: a}, {uses: ./.github/actions/build}]}'
    assert texts(_job('steps: [{uses: ./.github/actions/build}]', {ACTION: loop})) == [['a']]
    files = {
        f'a{level}/action.yml': 'runs: {using: composite, steps: ['
        + ', '.join([f'{{uses: ./a{level + 1}}}'] * 9)
        + ']}'
        for level in range(12)
    }
    files['a5/action.yml'] = 'runs: {using: composite, steps: [' + '{run: a},' * 300 + ']}'
    container = _job('steps: [' + '{uses: ./a3},' * 10 + ']', files)
    assert 100 < len(container.parts) < 3_000


def test_docker_images_and_docker_actions_are_containers_of_their_own() -> None:
    action = """\
inputs: {x: {default: "1"}}
runs:
  using: docker
  image: docker://img:2
  env: {E: f}
  args: [--a, "${{ inputs.x }}"]
"""
    result = reading(
        PATH,
        """\
on: push
env: {A: z}
jobs:
  build:
    steps:
      - uses: docker://img:1
        with: {args: '--a "b c" ${{ env.A }} d${{ x.y }}'}
      - uses: docker://img:1
        with: {entrypoint: /bin/sh, args: -c d}
      - uses: ./.github/actions/build
      - uses: ./own
      - uses: ./none
""",
        {
            ACTION: action,
            'own/action.yml': 'runs: {using: docker, image: Dockerfile, entrypoint: e, args: [f]}',
            'none/action.yml': 'runs: {using: node20, main: x.js}',
        },
    )
    assert [container.name for container in result.containers] == [
        'jobs.build.steps[0]',
        'jobs.build.steps[1]',
        'jobs.build.steps[2]',
        'jobs.build.steps[3]',
    ]
    assert [container.image and container.image.values for container in result.containers] == [
        ('img:1',),
        ('img:1',),
        ('img:2',),
        ('Dockerfile',),
    ]
    assert [texts(container) for container in result.containers] == [
        [['--a', 'b c', 'z', 'd${{ x.y }}']],
        [['/bin/sh', '-c', 'd']],
        [['--a', '1']],
        [['e', 'f']],
    ]
    assert [container.parts[0].form for container in result.containers] == [
        ARGUMENTS,
        ARGV,
        ARGUMENTS,
        ARGV,
    ]
    assert result.containers[2].parts[0].variables['E'].values == ('f',)
    assert {container.place.file for container in result.containers} == {PATH}
    alone = only(reading('own/action.yml', action))
    assert (alone.name, texts(alone)) == ('runs', [['--a', '1']])
    assert alone.image is not None and alone.image.values == ('img:2',)


def test_the_container_in_an_action_belongs_to_its_callers() -> None:
    result = reading(
        PATH,
        'on: push\njobs: {a: {steps: [{uses: ./b}]}}',
        {
            'b/action.yml': 'runs: {using: composite, steps: [{uses: "docker://i", with: {args: c}}]}'
        },
    )
    assert [place.file for place in only(result).places] == [PATH]
    assert only(result).place.file == 'b/action.yml'


def test_words_of_docker_arguments_keep_their_place() -> None:
    text = "on: push\njobs: {a: {steps: [{uses: 'docker://i', with: {args: --a   b}}]}}"
    words = only(reading(PATH, text)).parts[0].commands
    assert words[0].offset == words[0].locate(2) == text.index('args')
    assert words[1].offset == text.index('b}')
    assert words[1].locate(1) == text.index('b}') + 1
    text = (
        'on: push\njobs: {a: {steps: [{uses: "docker://i", '
        'with: {entrypoint: sh, args: -c "ab c"d}}]}}'
    )
    entrypoint, option, word = only(reading(PATH, text)).parts[0].commands
    assert (entrypoint.text, option.text, word.text) == ('sh', '-c', 'ab cd')
    assert [word.locate(offset) for offset in (0, 3, 4, 5)] == [
        text.index(part) for part in ('ab c', 'c"d', 'd}}', '}}]')
    ]


def test_forgejo_and_gitea_and_several_documents() -> None:
    text = '{on: push, jobs: {a: {steps: [{run: x}]}}}'
    assert only(reading('.forgejo/workflows/a.yml', text)).system == 'forgejo-actions'
    assert only(reading('.gitea/workflows/a.yml', text)).system == 'gitea-actions'
    assert [each.name for each in reading(PATH, f'{text}\n---\n{text}').containers] == [
        'doc[0].jobs.a',
        'doc[1].jobs.a',
    ]
