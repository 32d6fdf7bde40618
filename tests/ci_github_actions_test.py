from __future__ import annotations

import json

import pytest

from kaniko_hooks.model import Place
from kaniko_hooks.repository import Unreadable
from tests.other_ci import K, builds, containers

PATH = '.github/workflows/a.yml'
ACTION = '.github/actions/build/action.yml'
IMAGE = 'gcr.io/kaniko-project/executor:debug'
TWO = f'{K} a; {K} b'


def job(text: str, head: str = '', files: dict[str, str] | None = None) -> dict[str, list[str]]:
    """The builds of a workflow with one job in Kaniko's image."""
    lines = ''.join(f'    {line}\n' for line in text.splitlines())
    workflow = f'on: push\n{head}jobs:\n  j:\n    container: {IMAGE}\n{lines}'
    return builds(PATH, workflow, files)


def both(first: str, second: str, head: str = '') -> bool:
    """True if two steps with these conditions may both run."""
    steps = ''.join(
        f'- if: {json.dumps(text)}\n  run: {K} {name}\n'
        for name, text in (('a', first), ('b', second))
    )
    return job(f'steps:\n{steps}', head)['jobs.j'][0] == 'cached'


@pytest.mark.parametrize(
    'text',
    (
        '{on: push}',
        '{on: push, jobs: {a: {uses: ./.github/workflows/b.yml}}}',
        '{on: push, jobs: {a: {steps: [{uses: actions/checkout@v4}]}}}',
        '{on: push, jobs: {a: {if: false, steps: [{run: executor}]}}}',
        '{on: push, jobs: {a: {steps: [{if: "${{ false }}", run: executor}]}}}',
        '{on: push, jobs: {a: {steps: [{run: [executor]}, a, [b]]}}}',
        '{on: push, jobs: {a: {services: {b: {image: kaniko}}}}}',
        '{on: push, jobs: {a: {steps: [{uses: "docker://kaniko"}]}}}',
    ),
)
def test_nothing_runs(text: str) -> None:
    assert containers(PATH, text) == ()


def test_a_job_is_a_container_and_its_run_steps_are_scripts_in_order() -> None:
    (container,) = containers(
        PATH, 'on: push\njobs:\n  b:\n    steps: [{run: executor}, {uses: x/y@v1}, {run: b}]'
    )
    assert (container.system, container.name) == ('github-actions', 'jobs.b')
    assert container.place == Place(PATH, 17)
    assert container.image is None
    assert [script.commands[0].value for script in container.scripts] == ['executor', 'b']
    assert container.visible and not container.template


@pytest.mark.parametrize(
    ('text', 'head', 'expected'),
    (
        pytest.param(
            f'env: {{F: --cache}}\nsteps: [run: {K} $F]', '', '--cache', id='env of the job'
        ),
        pytest.param(f'steps: [{{run: {K} $F, env: {{F: a}}}}]', 'env: {F: b}\n', 'a', id='step'),
        pytest.param(f'steps: [run: {K} $F]', 'env: {F: b}\n', 'b', id='workflow'),
        pytest.param(
            f'env: {{A: "${{{{ env.F }}}}-"}}\nsteps: [{{run: {K} $A, env: {{F: c}}}}]',
            'env: {F: b}\n',
            'b-',
            id='in env, as it was',
        ),
        pytest.param(f'steps: ["run": "{K} ${{{{ env.F }}}}"]', 'env: {F: b}\n', 'b', id='text'),
        pytest.param(
            f'steps: ["run": "{K} ${{{{ env.F }}}}x"]', 'env: {F: ~}\n', 'x', id='null is empty'
        ),
        pytest.param(
            f'strategy: {{matrix: {{v: [1]}}}}\nsteps: ["run": "{K} ${{{{ matrix.v }}}}"]',
            '',
            '1',
            id='matrix of one',
        ),
        pytest.param(
            f'steps: ["run": "{K} ${{{{ inputs.X }}}}"]',
            'inputs: {x: {default: d}}\n',
            'd',
            id='input',
        ),
        pytest.param(
            f'steps: ["run": "{K} ${{{{ github.event.inputs.x }}}}"]',
            'inputs: {x: {default: d}}\n',
            'd',
            id='input of an event',
        ),
    ),
)
def test_known_values(text: str, head: str, expected: str) -> None:
    assert job(text, head) == {'jobs.j': ['ok', f'on {expected}']}


@pytest.mark.parametrize(
    ('value', 'verdict'),
    (
        ('${{ matrix.c }}', 'cached'),
        ('${{ matrix.o.c }}', 'uncached'),
        ('${{ matrix.o.d }}', 'maybe-cached'),
        ('${{ matrix.i }}', 'uncached'),  # of a cell that is added
        ('${{ inputs.free }}', 'maybe-cached'),
        ('${{ inputs.choice }}', 'maybe-cached'),
        ('${{ inputs.off }}', 'uncached'),
        ("${{ inputs.free || 'true' }}", 'maybe-cached'),
        ('${{ env.elsewhere }}', 'maybe-cached'),
        ('${{ env.missing }}', 'maybe-cached'),
        ('${{ format(1, }}', 'maybe-cached'),
    ),
)
def test_a_flag_by_an_expression(value: str, verdict: str) -> None:
    outcomes = job(
        'strategy: {matrix: {c: [true, false], o: [{c: false, d: ["false"]}], '
        'include: [{i: "false"}]}}\n'
        f'env: {{FLAG: "--cache={value}"}}\n'
        'steps:\n- run: executor $FLAG -d a\n'
        f'- run: executor --cache={value} -d b\n',
        'env: {elsewhere: []}\n'
        'inputs: {free: {}, choice: {options: ["true", "false"]}, off: {default: "false"}}\n',
    )
    assert outcomes['jobs.j'][0] == verdict


@pytest.mark.parametrize('second', ('{a: "--cache=0"}', '{b: x}'), ids=('off', 'empty'))
def test_cells_that_are_written_one_by_one(second: str) -> None:
    text = f'strategy: {{matrix: {{include: [{{a: "--cache=false"}}, {second}]}}}}\n'
    outcomes = job(f'{text}steps: ["run": "executor ${{{{ matrix.a }}}} -d a; executor -d b"]')
    assert outcomes['jobs.j'][0] == 'uncached'


@pytest.mark.parametrize(
    ('first', 'second'),
    (
        ('inputs.x', '!inputs.x'),
        ('inputs.x', '${{ !inputs.x }}'),
        ('inputs.flag == true', '!inputs.flag'),
        ("inputs.x == 'A'", "Inputs.X == 'b'"),
        ("${{ inputs.x }} == 'a'", "${{ inputs.x != 'a' }}"),
        ("(inputs.runner || 'x') != 'x'", "(inputs.runner||'x') == 'x'"),
        ("(inputs.runner || 'x') != 'x'", "(inputs.runner || 'x') == 'x'"),
        ("contains(github.ref, 'x')", "!contains( github.ref,'x')"),
        ("startsWith(github.ref, 'refs/tags/V')", "github.ref == 'refs/heads/main'"),
        ("github.ref_type == 'tag'", "github.ref_type == 'branch'"),
        ("startsWith(inputs.choice, 'a')", "inputs.choice == 'B'"),
        ("github.event.labels[0].name == 'x'", "github.event.labels[0].name == 'y'"),
        ('inputs.x == inputs.y', 'inputs.x != inputs.y'),
        ('inputs.x < 3', '!(inputs.x < 3)'),
        ("matrix.v == 'a'", "matrix.v == 'b'"),
        ("steps.a.outputs.x == 'true'", '!steps.a.outputs.x'),
        ("env.x == 'a'", "env.x == 'b'"),
        ("hashFiles('x') == ''", "hashFiles('x') != ''"),
        ('success() && inputs.x', '!inputs.x'),
        ('false', 'true'),
        ("'a' == 'A' && inputs.x", "'a' != 'A' || !inputs.x"),
        ('inputs.x && inputs.y', '!inputs.y'),
    ),
)
def test_conditions_that_exclude_each_other(first: str, second: str) -> None:
    head = 'inputs: {choice: {options: [A1, b]}, flag: {type: boolean, default: false}}\n'
    assert not both(first, second, head)


@pytest.mark.parametrize(
    ('first', 'second'),
    (
        ('inputs.x', 'inputs.y'),
        ('inputs.default', '!inputs.other'),
        ("inputs.default == 'd'", "inputs.default != 'e'"),
        ("inputs.x != 'a'", "inputs.x != 'b'"),
        ("(inputs.runner || 'x') != 'x'", "(inputs.runner || 'y') == 'x'"),
        ("contains(inputs.x, 'a')", "contains(inputs.x, 'b')"),
        ('always()', 'failure()'),
        ('inputs.x || inputs.y', '!inputs.y'),
        ('inputs.x &', '!(inputs.x &)'),
        (f'{"(" * 99}a{")" * 99}', f'!{"(" * 99}a{")" * 99}'),
        (f"'{'a' * 20_000}'", f'!({"a" * 20_000})'),
    ),
)
def test_conditions_that_may_hold_together(first: str, second: str) -> None:
    assert both(first, second, 'inputs: {default: {default: d}}\n')


@pytest.mark.parametrize(
    ('between', 'expected'),
    (
        ('- if: env.x == 1\n  run: make', 'ok'),
        ('- run: make', 'cached'),
        ('- uses: some/action@v1', 'cached'),
        ('- if: env.x == 1\n  run: echo x=2 >> $GITHUB_ENV', 'cached'),
    ),
)
def test_a_step_in_between_may_change_the_environment(between: str, expected: str) -> None:
    steps = f'- {{if: env.x == 1, run: {K} a}}\n{between}\n- {{if: env.x != 1, run: {K} b}}\n'
    assert job(f'steps:\n{steps}')['jobs.j'][0] == expected


@pytest.mark.parametrize(
    ('second', 'expected'),
    (
        pytest.param(f'run: {K} b, if: always()', 2, id='always'),
        pytest.param(f'run: {K} b, if: "${{{{ !cancelled() }}}}"', 2, id='not cancelled'),
        pytest.param(f'run: {K} b', 1, id='only after success'),
    ),
)
def test_a_step_after_one_that_fails(second: str, expected: int) -> None:
    outcomes = job(f'steps:\n- run: {K} a; exit 1\n- {{{second}}}')
    assert len(outcomes['jobs.j']) == 1 + expected


def test_after_a_step_that_may_fail_the_others_run() -> None:
    steps = f'- {{run: "{K} a; exit 1", continue-on-error: true}}\n- run: {K} b'
    assert job(f'steps:\n{steps}')['jobs.j'] == ['cached', 'on a', 'on b']


@pytest.mark.parametrize(
    ('text', 'head', 'verdict'),
    (
        ('steps: [{run: BUILDS}]', '', 'cached'),
        ('steps: [{run: BUILDS, shell: python}]', '', None),
        ('steps: [{run: BUILDS, shell: "bash -eo pipefail {0}"}]', '', 'cached'),
        ('defaults: {run: {shell: /busybox/sh -e}}\nsteps: [{run: BUILDS}]', '', 'cached'),
        ('steps: [{run: BUILDS}]', 'defaults: {run: {shell: python}}\n', None),
    ),
)
def test_the_shell_of_a_step(text: str, head: str, verdict: str | None) -> None:
    outcomes = job(text.replace('BUILDS', f'"{TWO}"'), head)
    assert (outcomes['jobs.j'][0] if outcomes else None) == verdict


@pytest.mark.parametrize(
    'text',
    (
        'steps: [{run: x/y/build.sh}]',
        'steps: [{run: ./build.sh, working-directory: x/y/}]',
        'defaults: {run: {working-directory: ./x}}\nsteps: [{run: y/build.sh}]',
        'steps: [{run: ./build.sh, working-directory: "${{ github.workspace }}/x/y"}]',
        'steps: [{run: ./build.sh, working-directory: "${{ env.UNKNOWN }}/x/y"}]',
        'env: {D: x/y}\nsteps: [{run: ./build.sh, working-directory: "${{ env.D }}"}]',
        'steps: [{run: ./build.sh, working-directory: ../x/y}]',
        'steps: [{run: ./build.sh, working-directory: /x/y}]',
        'steps: [{run: $GITHUB_WORKSPACE/x/y/build.sh}]',
        'steps: [{run: "${{ github.workspace }}/x/y/build.sh"}]',
        'steps: [{uses: actions/checkout@v4, with: {path: z}}, {run: z/x/y/build.sh}]',
        'steps: [{uses: actions/checkout@v4, with: {path: z}}, '
        '{run: ./build.sh, working-directory: z/x/y}]',
        'steps: [{uses: actions/checkout@v4, with: {path: z, repository: a/b}}, '
        '{run: x/y/build.sh}]',
    ),
)
def test_where_a_script_of_the_repository_is_found(text: str) -> None:
    assert job(text, files={'x/y/build.sh': f'{K} a\n'})


COMPOSITE = f"""\
inputs: {{name: {{default: one}}, flag: {{default: --x}}}}
runs:
  using: composite
  steps:
    - {{run: "{K} ${{{{ inputs.name }}}}${{{{ inputs.none }}}}", shell: sh}}
    - {{run: "${{{{ github.action_path }}}}/x.sh", shell: bash, if: "inputs.flag == '--X'"}}
    - {{run: "$GITHUB_ACTION_PATH/x.sh", shell: bash, if: steps.s.outputs.o}}
"""
SCRIPT = {'.github/actions/build/x.sh': f'{K} script\n'}


@pytest.mark.parametrize(
    ('call', 'expected'),
    (
        ('', ['cached', 'on one', 'on script x2']),
        ('\n  with: {name: two, flag: no}', ['cached', 'on two', 'on script']),
        (
            '\n  with: {name: "${{ env.E }}", flag: no}\n  env: {E: f}',
            ['cached', 'on f', 'on script'],
        ),
        ('\n  with: {name: [a]}\n  if: false', None),
    ),
)
def test_a_composite_action_runs_in_the_container_of_its_caller(
    call: str, expected: list[str] | None
) -> None:
    steps = f'steps:\n- uses: ./.github/actions/build{call}'
    assert job(steps, files={ACTION: COMPOSITE, **SCRIPT}).get('jobs.j') == expected


def test_unknown_values_of_an_action_are_those_of_its_call() -> None:
    action = f'runs: {{using: composite, steps: [{{run: {K} a, if: IF}}]}}'
    text = 'steps: [{uses: ./.github/actions/build, with: {x: X}}, {uses: ./.github/actions/build}]'
    for condition, value, expected in (
        ('steps.s.outputs.o', 'a', 2),
        ("inputs.x == 'b'", '"${{ github.sha }}"', 1),
        ('"!inputs.x"', '[a]', 2),
    ):
        outcomes = job(text.replace('X', value), '', {ACTION: action.replace('IF', condition)})
        assert outcomes['jobs.j'] == [
            ('ok', 'cached')[expected - 1],
            f'on a{" x2" * (expected - 1)}',
        ]


def test_the_condition_of_a_call_holds_for_the_steps_of_the_action() -> None:
    action = f'runs: {{using: composite, steps: [{{run: {K} a}}]}}'
    text = (
        f'steps: [{{uses: ./.github/actions/build, if: inputs.x}}, {{run: {K} b, if: "!inputs.x"}}]'
    )
    assert job(text, files={ACTION: action})['jobs.j'][0] == 'ok'


def test_an_action_of_its_own_may_have_callers_elsewhere() -> None:
    (container,) = containers('action.yaml', COMPOSITE)
    assert (container.name, container.template) == ('runs', True)


@pytest.mark.parametrize(
    ('uses', 'files'),
    (
        pytest.param('./.github/actions/build', {}, id='missing'),
        pytest.param('./.github/actions/build', {ACTION: '{'}, id='no YAML'),
        pytest.param('./.github/actions/build', {ACTION: ''}, id='empty'),
        pytest.param('./../../x', {}, id='outside'),
    ),
)
def test_an_action_that_cannot_be_read_is_noted(uses: str, files: dict[str, str]) -> None:
    text = f'on: push\njobs: {{a: {{steps: [{{run: executor}}, {{uses: {uses}}}]}}}}'
    (container,) = containers(PATH, text, files)
    assert not container.visible


def test_actions_that_call_themselves_or_many_others_end() -> None:
    loop = f'runs: {{using: composite, steps: [{{run: {K} a}}, {{uses: ./.github/actions/build}}]}}'
    assert job('steps: [{uses: ./.github/actions/build}]', files={ACTION: loop}) == {
        'jobs.j': ['cached', 'on a x2']
    }
    files = {
        f'a{level}/action.yml': 'runs: {using: composite, steps: ['
        + ', '.join([f'{{uses: ./a{level + 1}}}'] * 9)
        + ']}'
        for level in range(12)
    }
    files['a5/action.yml'] = 'runs: {using: composite, steps: [' + '{run: executor},' * 300 + ']}'
    text = 'on: push\njobs: {a: {steps: [' + '{uses: ./a3},' * 10 + '{uses: ./a0}]}}'
    with pytest.raises(Unreadable, match='has a job of too many steps'):
        containers(PATH, text, files)


def test_docker_images_and_docker_actions_are_containers_of_their_own() -> None:
    action = f"""\
inputs: {{x: {{default: "1"}}}}
runs: {{using: docker, image: "docker://{IMAGE}", env: {{F: ""}},
  args: [--cache, -d, "${{{{ inputs.x }}}}"]}}
"""
    workflow = f"""\
on: push
env: {{A: z}}
jobs:
  j:
    steps:
      - uses: docker://{IMAGE}
        with: {{args: '--cache "-d" r/${{{{ env.A }}}}'}}
      - uses: docker://{IMAGE}
        with: {{entrypoint: /bin/sh, args: "-c '{TWO}'"}}
        name: two
      - uses: ./.github/actions/build
      - uses: ./none
"""
    files = {ACTION: action, 'none/action.yml': 'runs: {using: node20, main: x.js}'}
    assert builds(PATH, workflow, files) == {
        'jobs.j.steps[0]': ['ok', 'on r/z'],
        'jobs.j.steps[1]': ['cached', 'on a', 'on b'],
        'jobs.j.steps[2]': ['ok', 'on 1'],
    }
    assert [container.label for container in containers(PATH, workflow, files)] == ['', 'two', '']
    assert builds('own/action.yml', action) == {'runs': ['ok', 'on 1']}


def test_the_container_in_an_action_belongs_to_its_callers() -> None:
    (container,) = containers(
        PATH,
        'on: push\njobs: {a: {steps: [{uses: ./b}]}}',
        {
            'b/action.yml': 'runs: {using: composite, steps: '
            '[{uses: "docker://kaniko", with: {args: c}}]}'
        },
    )
    assert [place.file for place in container.places] == [PATH]
    assert container.place.file == 'b/action.yml'


def test_words_of_docker_arguments_keep_their_place() -> None:
    text = "on: push\njobs: {a: {steps: [{uses: 'docker://kaniko', with: {args: --a   b}}]}}"
    first, second = containers(PATH, text)[0].scripts[0].commands
    assert first.place(0).offset == first.place(2).offset == text.index('args')
    assert second.place(0).offset == text.index('b}')
    text = (
        'on: push\njobs: {a: {steps: [{uses: "docker://kaniko", '
        'with: {entrypoint: sh, args: -c "ab c"d}}]}}'
    )
    entrypoint, option, word = containers(PATH, text)[0].scripts[0].commands
    assert (entrypoint.value, option.value, word.value) == ('sh', '-c', 'ab cd')
    assert [word.place(offset).offset for offset in (0, 3, 4)] == [
        text.index(part) for part in ('ab c', 'c"d', 'd}}')
    ]


def test_forgejo_and_gitea_and_several_documents() -> None:
    text = '{on: push, jobs: {a: {steps: [{run: executor}]}}}'
    for system in ('forgejo', 'gitea'):
        (container,) = containers(f'.{system}/workflows/a.yml', text)
        assert container.system == f'{system}-actions'
    names = [container.name for container in containers(PATH, f'{text}\n---\n{text}')]
    assert names == ['doc[0].jobs.a', 'doc[1].jobs.a']
