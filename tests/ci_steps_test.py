from __future__ import annotations

import pytest

from kaniko_hooks.ci import read
from kaniko_hooks.repository import Repository
from tests.conftest import Write
from tests.other_ci import K, builds, containers

IMAGE = 'gcr.io/kaniko-project/executor:debug'
TASK = '# kaniko\napiVersion: tekton.dev/v1\nkind: Task\nspec:\n'
POD = 'apiVersion: v1\nkind: Pod\nspec:\n'
ARGO = 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec:\n'


def only(head: str, body: str, files: dict[str, str] | None = None) -> list[str] | None:
    """The builds of the only container; IMAGE and K are put in."""
    lines = ''.join(f'  {line}\n' for line in body.splitlines())
    text = head + lines.replace('IMAGE', f'image: "{IMAGE}"').replace('K ', f'{K} ')
    outcomes = builds('a.yaml', text, files)
    assert len(outcomes) < 2
    return next(iter(outcomes.values()), None)


@pytest.mark.parametrize(
    ('path', 'text'),
    (
        ('a.yaml', f'{TASK}  steps: [{{image: a}}]'),
        ('a.yaml', f'{TASK}  steps: [{{image: a, script: []}}, b, [c]]'),
        ('a.yaml', f'{TASK}  steps: [{{image: [a], settings: {{b: c}}}}, {{settings: {{b: c}}}}]'),
        ('a.yaml', f'{TASK}  stepTemplate: {{image: a, command: [b]}}'),
        ('a.yaml', f'{POD}  steps: [{{image: a, command: [b]}}]'),
        (
            'a.yaml',
            'apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: ConfigMap, '
            'data: {containers: [{image: a, command: [b]}]}}]',
        ),
        (
            'a.yaml',
            'apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: ConfigMap, '
            'containers: [{image: a, command: [b]}]}]',
        ),
        ('.drone.yml', 'kind: pipeline\nclone: {image: a}\nsteps: []'),
        ('.drone.yml', '~'),
        ('bitbucket-pipelines.yml', 'definitions: {steps: [{step: {script: [a]}}]}'),
        ('a.yml', 'jobs: [{name: a, plan: [{config: {platform: b, run: {dir: c}}}]}]'),
    ),
)
def test_nothing_runs(path: str, text: str) -> None:
    assert containers(path, f'# kaniko\n{text}') == ()


def test_an_image_only_is_given_what_args_say() -> None:
    text = f'{POD}  containers:\n  - {{image: kaniko, args: [--b], name: c}}'
    (container,) = containers('a.yaml', text)
    (script,) = container.scripts
    assert (container.system, container.name, container.label) == (
        'kubernetes',
        'spec.containers[0]',
        'c',
    )
    assert container.place.offset == text.index('{image')
    assert script.commands[0].place(0).offset == text.index('args')
    assert script.directory is None


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('command: [/kaniko/executor, -d, b]', 'b'),
        ('command: [/kaniko/executor], args: [-d, b]', 'b'),
        ('command: /kaniko/executor', None),
        ('env: [{name: X, value: b}], command: [/kaniko/executor, -d, $(X)]', 'b'),
        ('env: [{name: X, value: b}], command: [/kaniko/executor, -d, $$X]', '$X'),
        ('env: [{name: X, value: b}, {name: Y, value: -$(X)}], args: [-d, $(Y)]', '-b'),
        ('env: [{value: a}, {name: X, value: b}], args: [-d, "$(X)"]', 'b'),
        ('env: [{name: X, value: ~}], args: [-d, "x$(X)"]', 'x'),
        ('env: [{name: X, value: b}, {name: X, value: $(X)c}], args: [-d, $(X)]', 'bc'),
    ),
)
def test_an_argv(text: str, expected: str | None) -> None:
    outcome = only(POD, f'initContainers:\n- {{IMAGE, {text}}}')
    assert outcome == ['ok', f'off {expected}' if expected else 'off']


@pytest.mark.parametrize(
    'text',
    (
        'args: [--cache=$(X)]',
        'env: [{name: X, valueFrom: {}}], args: [--cache=$(X)]',
        'env: [{name: X}], args: [--cache=$(X)]',
        'env: [{name: X, value: --cache=$(Y)}], args: [$(X)]',
        'args: ["--cache={{ .Values.cache }}"]',
    ),
)
def test_a_flag_that_is_not_known(text: str) -> None:
    assert only(POD, f'containers:\n- {{IMAGE, {text}}}') == ['ok', 'unknown']


def test_a_command_of_a_script_is_no_variable() -> None:
    text = 'containers: [{env: [{name: X}], command: [sh, -c, "kaniko $(date) $(X) $(Y)", $(Z)]}]'
    (container,) = containers('a.yaml', f'{POD}  {text}')
    holes = [[gap.name for gap in word.holes] for word in container.scripts[0].commands]
    assert holes == [[], [], ['X'], ['$(Z)']]


@pytest.mark.parametrize(
    ('text', 'is_read'),
    (
        ('script: K a', True),
        ('script: "#!/bin/bash\\nK a"', True),
        ('script: "\\n#! /usr/bin/env bash\\nK a"', True),
        ('script: "#!/bin/busybox sh\\nK a"', True),
        ('script: "#!/usr/bin/env python3\\nK a"', False),
        ('script: "#!/usr/bin/env\\nK a"', False),
        ('script: K a, shell: /bin/bash', True),
    ),
)
def test_the_shell_of_a_script(text: str, is_read: bool) -> None:
    assert bool(only(TASK, f'steps: [{{{text}}}]')) is is_read


@pytest.mark.parametrize(
    ('command', 'is_read'),
    (
        ('', True),
        ('command: [python], ', False),
        ('command: [/bin/bash, -e], ', True),
        ('command: [[x]], ', True),
    ),
)
def test_argo_runs_a_script_with_the_command(command: str, is_read: bool) -> None:
    assert bool(only(ARGO, f'templates:\n- script: {{{command}source: K a}}')) is is_read


def test_argo_parameters() -> None:
    body = """\
arguments: {parameters: [{name: a, value: 1}, {name: b}]}
templates:
- name: images
  inputs: {parameters: [{name: a, default: 2}, {name: c, value: "{{x}}"}, {value: 3}]}
  container:
    command: [/kaniko/executor, -d, "{{workflow.parameters.a}}{{ inputs.parameters.a }}",
      "--cache={{FLAG}}"]
"""
    for name in ('workflow.parameters.b', 'inputs.parameters.c', 'item', '=expression'):
        assert only(ARGO, body.replace('FLAG', name)) == ['ok', 'unknown 12']


@pytest.mark.parametrize(
    ('params', 'words', 'expected'),
    (
        ('[{name: a, default: b}]', '[-$(params.a)-]', '-b-'),
        ('[{name: a, default: b}]', '[$(inputs.params.a)]', 'b'),
        ('[{name: a, default: b}]', '[\'$(params["a"])\']', 'b'),
        ('[{name: a.x, default: b}]', '["$(params[\'a.x\'])"]', 'b'),
        ('[{name: a, default: [b, -d, c]}]', '["$(params.a[*])"]', 'b c'),
        ('[{name: a, default: [b, -d, c]}]', '[$(params.a)]', 'b c'),
        ('[{name: a, default: [b, c]}]', '["$(params.a[1])"]', 'c'),
    ),
)
def test_tekton_parameters(params: str, words: str, expected: str) -> None:
    body = f'params: {params}\nsteps: [{{IMAGE, command: [/kaniko/executor, -d], args: {words}}}]'
    assert only(TASK, body) == ['ok', f'off {expected}']


@pytest.mark.parametrize(
    ('params', 'word'),
    (
        ('[]', '--cache=$(params.a)'),
        ('[{name: a}]', '--cache=$(params.a)'),
        ('[{name: a, default: [b, c]}]', '--cache=$(params.a[2])'),
        ('[{name: a, default: [b, c]}]', '--cache=$(params.a[*])'),
        ('[{name: a, default: {k: v}}]', '--cache=$(params.a.k)'),
        ('[{name: a, default: $(context.x)}]', '--cache=$(params.a)'),
        ('[]', '$(params.q[*])'),
        ('[]', '--cache=$(tasks.a.results.b)'),
    ),
)
def test_parameters_that_are_not_known(params: str, word: str) -> None:
    body = f'params: {params}\nsteps: [{{IMAGE, args: ["{word}", -d, x]}}]'
    assert only(TASK, body) == ['ok', 'unknown x']


@pytest.mark.parametrize(
    ('task', 'expected'),
    (
        ('', ['ok', 'off run', 'default']),
        (', params: [{name: b, value: given}]', ['ok', 'off run', 'given']),
        (', params: [{name: b, value: $(params.a)}]', ['ok', 'off run', 'run']),
        (', params: [{name: a, value: x}, {name: b, value: $(params.a)}]', ['ok', 'off x', 'run']),
        (', params: [{name: b, value: "$(params.l[0])"}]', ['ok', 'off run', 'x']),
        (', matrix: {params: [{name: b, value: [x]}]}', ['ok', 'off run', 'x']),
        (', matrix: {params: [{name: b, value: [true, false]}]}', ['ok', 'on run']),
        (', params: [{name: b, value: $(tasks.x.results.y)}]', None),
        (', params: [{name: b, value: "$(params.l[*])"}]', None),
    ),
)
def test_parameters_of_a_pipeline_run(task: str, expected: list[str] | None) -> None:
    is_name = expected is not None and len(expected) > 2
    last = '-d $(params.b)' if is_name else '--cache=$(params.b)'
    text = f"""\
apiVersion: tekton.dev/v1
kind: PipelineRun
spec:
  params: [{{name: a, value: run}}, {{name: l, value: [x]}}]
  pipelineSpec:
    params: [{{name: a, default: pipeline}}]
    tasks:
    - {{taskSpec: {{params: [{{name: b, default: default}}], steps: [{{image: "{IMAGE}",
        script: executor -d $(params.a) {last}}}]}}{task}}}
"""
    (outcome,) = builds('a.yaml', text).values()
    assert outcome == (
        [*expected[:1], ' '.join(expected[1:])] if expected else ['ok', 'unknown run']
    )


def test_an_array_is_passed_on() -> None:
    text = f"""\
apiVersion: tekton.dev/v1
kind: PipelineRun
spec:
  params: [{{name: a, value: [-d, y]}}]
  pipelineSpec:
    tasks:
    - taskSpec: {{params: [{{name: b}}], steps: [{{image: "{IMAGE}", args: ["$(params.b[*])"]}}]}}
      params: [{{name: b, value: "$(params.a[*])"}}]
"""
    assert builds('a.yaml', text) == {
        'spec.pipelineSpec.tasks[0].taskSpec.steps[0]': ['ok', 'off y']
    }


def test_the_arguments_of_a_tekton_script() -> None:
    body = """\
params: [{name: p, default: [c, d]}]
steps:
- {IMAGE, args: [b, "$(params.p[*])"], script: 'for d in "$@"; do K $d; done'}
"""
    assert only(TASK, body) == ['cached', 'on b c d x3']
    # Argo hands them to the interpreter, before the script.
    assert only(ARGO, 'script: {IMAGE, args: [a], source: K x$1}') == ['ok', 'on x']


def test_parameters_of_old_tasks() -> None:
    body = 'inputs: {params: [{name: a, default: b}]}\nsteps: [{script: K $(inputs.params.a)}]'
    assert only(TASK, body) == ['ok', 'on b']


def test_the_words_of_an_array_stand_at_its_reference() -> None:
    text = (
        f'{TASK}  params: [{{name: a, default: [b, kaniko]}}]\n  steps: [{{args: [$(params.a)]}}]'
    )
    (container,) = containers('a.yaml', text)
    first, second = container.scripts[0].commands
    assert (first.value, second.value) == ('b', 'kaniko')
    assert second.place(0) == second.place(1) and second.place(0).offset == text.index('$(')


def test_a_step_template_gives_image_and_environment() -> None:
    text = f"""\
{TASK}
  params: [{{name: p, default: debug}}]
  stepTemplate: {{image: "gcr.io/kaniko-project/executor:$(params.p)",
    env: [{{name: X, value: $(params.p)}}]}}
  steps:
  - {{script: executor -d $X}}
  - {{image: c, script: executor -d $X, env: [{{name: X, value: e}}]}}
  - {{script: executor -d $X, env: [{{name: X, value: e}}]}}
"""
    assert builds('a.yaml', text) == {
        'spec.steps[0]': ['ok', 'off debug'],
        'spec.steps[2]': ['ok', 'off e'],
    }


@pytest.mark.parametrize(
    ('folder', 'script'),
    (
        ('$(workspaces.source.path)', 'x/y/build.sh'),
        ('$(workspaces.source.path)/x', 'y/build.sh'),
        ('/workspace/source/x', 'y/build.sh'),
        ('/workspace/x', 'y/build.sh'),
        ('/workspaces', 'x/y/build.sh'),
        ('x/y', './build.sh'),
        ('$(params.x)', 'x/y/build.sh'),
        ('/', '/workspace/source/x/y/build.sh'),
        ('/', '$(workspaces.source.path)/x/y/build.sh'),
    ),
)
def test_a_script_of_the_repository(folder: str, script: str) -> None:
    body = f'steps: [{{workingDir: {folder}, script: {script}}}]'
    assert only(TASK, body, {'x/y/build.sh': f'{K} a\n'})


def test_resources_in_resources_are_read_as_their_own_kind() -> None:
    text = f"""\
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
spec:
  params: [{{name: a, default: b}}]
  resourcetemplates:
  - apiVersion: tekton.dev/v1
    kind: TaskRun
    spec:
      params: [{{name: p, value: $(tt.params.a)}}]
      taskSpec: {{steps: [{{script: "{K} $(params.p)"}}], sidecars: [{{script: {K} y}}]}}
  - {{apiVersion: v1, kind: Pod, spec: {{containers: [{{command: [/kaniko/executor]}}],
      steps: [{{script: {K} n}}]}}}}
"""
    assert list(builds('a.yaml', text).values()) == [['ok', 'on b'], ['ok', 'on y'], ['ok', 'off']]
    assert [container.system for container in containers('a.yaml', text)] == [
        'tekton',
        'tekton',
        'kubernetes',
    ]


def test_step_actions_and_several_documents() -> None:
    action = (
        'apiVersion: tekton.dev/v1beta1\nkind: StepAction\n'
        f'spec: {{params: [{{name: a, default: b}}], image: a, script: {K} $(params.a)}}\n'
    )
    assert builds('a.yaml', action) == {'spec': ['ok', 'on b']}
    assert builds('a.yaml', f'{action}---\n{{a: b}}\n---\n{action}') == {
        'doc[0].spec': ['ok', 'on b'],
        'doc[2].spec': ['ok', 'on b'],
    }


def test_drone_and_its_like() -> None:
    text = f"""\
kind: pipeline
environment: {{A: b, D: "$A-$$A-${{A}}"}}
steps:
- {{name: one, image: i, commands: [D=c, "{K} $A$${{D}}$$(echo x)"],
   environment: {{C: {{from_secret: d}}}}}}
- {{image: plugins/kaniko, settings: {{enable_cache: true}}}}
- {{image: plugins/kaniko, settings: {{repo: x}}}}
- {{image: plugins/kaniko, settings: {{cache: {{from_secret: x}}}}}}
- {{settings: {{cache: true}}}}
- {{image: i, commands: [x/build.sh, ./build.sh], directory: x}}
- {{image: i, commands: [$DRONE_WORKSPACE/x/build.sh, /drone/src/x/build.sh]}}
- {{image: i, commands: [{K} $D]}}
services: [{{image: "{IMAGE}", command: [-d, k]}}]
"""
    files = {'x/build.sh': f'{K} script\n'}
    assert builds('.drone.yml', text, files) == {
        'steps[0]': ['ok', 'on bcx'],
        'steps[1]': ['ok', 'on'],
        'steps[2]': ['ok', 'off'],
        'steps[3]': ['ok', 'unknown'],
        'steps[5]': ['ok', 'on script'],
        'steps[6]': ['cached', 'on script x2'],
        'steps[7]': ['ok', 'on b-$A-b'],
        'services[0]': ['ok', 'off k'],
    }
    assert containers('.drone.yml', text)[0].label == 'one'


@pytest.mark.parametrize('path', ('.woodpecker.yml', '.woodpecker/a/b.yml', '.crow/a.yaml'))
def test_woodpecker_and_crow_steps_by_name_and_matrix(path: str) -> None:
    text = f"""\
matrix: {{A: [--cache, --cache=false], include: [{{D: e}}]}}
steps:
  one: {{image: "{IMAGE}", commands: executor -d $D; executor $A -d b}}
  two: &two {{image: "{IMAGE}", commands: [$CI_WORKSPACE/x/build.sh]}}
  three: {{<<: *two, image: j}}
  four: *two
"""
    assert builds(path, text, {'x/build.sh': 'executor -d a\n'}) == {
        'steps.one': ['cached', 'off e', 'on b'],
        'steps.two': ['ok', 'off a'],
        'steps.four': ['ok', 'off a'],
    }
    places = [container.place.offset for container in containers(path, text)]
    assert places == sorted(places)


def test_bitbucket_steps() -> None:
    text = f"""\
image: {{name: "{IMAGE}"}}
definitions:
  steps:
  - step: &s
      name: images
      script: [executor -d a, {{pipe: p}}, exit 1]
      after-script: [executor -d c]
pipelines:
  default: [step: *s, parallel: {{steps: [step: {{image: j, script: [executor -d d]}}]}}]
  custom:
    x:
    - step: {{script: ['[[ a ]] && executor -d d', $BITBUCKET_CLONE_DIR/x.sh], after-script: []}}
"""
    path = 'bitbucket-pipelines.yml'
    assert builds(path, text, {'x.sh': 'executor -d x\n'}) == {
        'pipelines.default[0].step': ['uncached', 'off a', 'off c'],
        'pipelines.custom.x[0].step': ['uncached', 'off d', 'off x'],
    }
    assert containers(path, text)[0].label == 'images'


def test_concourse_tasks() -> None:
    text = """\
jobs:
- name: a
  plan:
  - do:
    - task: b
      params: {C: --cache}
      config:
        image_resource: {source: {repository: gcr.io/kaniko-project/executor, tag: t}}
        params: {A: ((b)), C: d}
        run: {path: sh, args: [-c, "executor $C -d ((y.z)); executor --cache=$A -d b"]}
    - {task: c, config: {image_resource: {source: {repository: s}}, run: {path: executor}}}
    - task: d
      config: {inputs: [{name: repo}], run: {path: repo/x/build.sh}}
    - task: e
      config: {inputs: [{name: repo}], run: {path: ./build.sh, dir: repo/x}}
    - {task: f, config: {run: {path: ./build.sh, dir: repo/x}}}
"""
    outcomes = builds('a.yml', text, {'x/build.sh': f'{K} script\n'})
    path = 'jobs[0].plan[0].do'
    assert list(outcomes) == [f'{path}[{index}].config' for index in (0, 2, 3, 4)]
    assert outcomes[f'{path}[0].config'][0] == 'cached'
    assert outcomes[f'{path}[3].config'] == ['ok', 'on script']
    assert [container.label for container in containers('a.yml', text)] == list('bcdef')
    task = 'platform: linux\nimage_resource: {}\nrun: {path: /kaniko/executor}'
    assert builds('a.yml', task) == {'doc[0]': ['ok', 'off']}


def test_codefresh_steps() -> None:
    text = f"""\
version: "1.0"
steps:
  main_clone: {{type: git-clone}}
  one: {{image: i, commands: [{K} $C], shell: bash, environment: [C=d]}}
  all: {{type: parallel, steps: {{two: {{image: "{IMAGE}", cmd: [-d, e]}}}}}}
  typed: {{type: freestyle, arguments: {{image: i, commands: [{K} f]}}}}
  script: {{image: i, commands: [./build.sh], working_directory: "${{{{main_clone}}}}/x"}}
"""
    assert builds('codefresh.yml', text, {'x/build.sh': f'{K} script\n'}) == {
        'steps.one': ['ok', 'on d'],
        'steps.all.steps.two': ['ok', 'off e'],
        'steps.typed': ['ok', 'on f'],
        'steps.script': ['ok', 'on script'],
    }


def test_documents_in_themselves_and_too_many_of_them_end(write: Write) -> None:
    def read_pod(text: str) -> tuple[list[str], list[str]]:
        root = write({'a.yaml': f'apiVersion: v1\nkind: Pod\nname: kaniko\n{text}'})
        reading, crashes = read(Repository(str(root)), ['a.yaml'], [])
        assert not crashes
        names = [container.name for container in reading.containers]
        messages = [note.message for note in reading.notes]
        return names, messages + [problem.message for problem in reading.problems]

    cyclic = 'spec:\n  a: &a [*a, {b: *a}]\n  containers: [{command: [x]}]'
    assert read_pod(cyclic) == (['spec.containers[0]'], [])
    lines = ''.join(
        f'l{level}: &l{level} [*l{level - 1}, *l{level - 1}]\n' for level in range(1, 40)
    )
    assert read_pod(f'l0: &l0 [[]]\n{lines}') == ([], ['too many nodes to look at all of them'])
    assert read_pod(f'a: {"[" * 150}{"]" * 150}') == ([], [])
    many = 'data:\n  x: &x [a, a, a]\n  y0: &y0 [*x, *x, *x]\n' + ''.join(
        f'  y{level}: &y{level} [{", ".join([f"*y{level - 1}"] * 9)}]\n' for level in range(1, 6)
    )
    assert read_pod(f'{many}spec: {{containers: [{{command: *y5}}]}}') == (
        [],
        ['the file has a list that is too long'],
    )
