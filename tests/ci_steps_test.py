from __future__ import annotations

import pytest

from kaniko_hooks.ci import recognise
from kaniko_hooks.ci.others import READERS
from kaniko_hooks.ci.steps.reader import DIALECTS
from kaniko_hooks.model import ARGUMENTS, ARGV, Container, Place, Reading
from tests.other_ci import only, reading, texts

TASK = 'apiVersion: tekton.dev/v1\nkind: Task\nspec:\n'
POD = 'apiVersion: v1\nkind: Pod\nspec:\n'
ARGO = 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec:\n'


def _names(result: Reading) -> list[str]:
    return [container.name for container in result.containers]


def _only(head: str, body: str, path: str = 'a.yaml') -> Container:
    lines = ''.join(f'  {line}\n' for line in body.splitlines())
    return only(reading(path, f'{head}{lines}'))


@pytest.mark.parametrize(
    ('path', 'text'),
    (
        ('a.yaml', f'{TASK}  steps: [{{image: a}}]'),
        ('a.yaml', f'{TASK}  steps: [{{image: a, script: []}}, b, [c]]'),
        (
            'a.yaml',
            f'{TASK}  steps: [{{image: a, settings: {{b: c}}}}, {{settings: {{b: c}}}}]'.replace(
                'image: a', 'image: [a]'
            ),
        ),
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
    assert reading(path, text) == Reading(())


def test_every_system_without_a_reader_of_its_own_has_a_row() -> None:
    names = {system.name for system in recognise.SYSTEMS}
    assert names == {*DIALECTS, *READERS, recognise.GITLAB}


def test_an_image_only_is_given_what_args_say() -> None:
    container = _only(POD, 'containers:\n- {image: a, args: [--b]}')
    assert (container.system, container.name) == ('kubernetes', 'spec.containers[0]')
    assert container.place == Place('a.yaml', 49)
    assert container.image is not None and container.image.values == ('a',)
    assert [part.form for part in container.parts] == [ARGUMENTS]
    assert container.parts[0].commands[0].offset == 60
    assert container.parts[0].directory is None


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('command: [a, b]', ['a', 'b']),
        ('command: [a], args: [b]', ['a', 'b']),
        ('command: a', ['a']),
        (
            'env: [{name: X, value: b}], command: [a, $(X), "$$(X)", $(Y)]',
            ['a', 'b', '$(X)', '$(Y)'],
        ),
        ('env: [{name: X, valueFrom: {}}], command: [a, $(X)]', ['a', '$(X)']),
    ),
)
def test_an_argv(text: str, expected: list[str]) -> None:
    container = _only(POD, f'initContainers:\n- {{{text}}}')
    assert texts(container) == [expected]
    assert container.parts[0].form == ARGV


@pytest.mark.parametrize(
    ('text', 'shell'),
    (
        ('script: a', 'sh'),
        ('script: "#!/bin/bash\\na"', 'bash'),
        ('script: "#!/usr/bin/env python"', 'python'),
        ('script: a, shell: /bin/bash', 'bash'),
    ),
)
def test_the_shell_of_a_script(text: str, shell: str) -> None:
    assert _only(TASK, f'steps: [{{{text}}}]').parts[0].shell == shell


@pytest.mark.parametrize(
    ('command', 'shell'),
    (
        ('', 'sh'),
        ('command: [python]', 'python'),
        ('command: [/bin/bash, -e]', 'bash'),
        ('command: [[x]]', 'sh'),
    ),
)
def test_argo_runs_a_script_with_the_command(command: str, shell: str) -> None:
    before = f'{command}, ' if command else ''
    container = _only(ARGO, f'templates:\n- script: {{{before}source: a}}')
    assert container.parts[0].shell == shell


def test_argo_parameters() -> None:
    container = _only(
        ARGO,
        """\
arguments: {parameters: [{name: a, value: 1}, {name: b}]}
templates:
- inputs: {parameters: [{name: a, default: 2}, {name: c, value: "{{x}}"}, {value: 3}]}
  container:
    command: [x, "{{workflow.parameters.a}}{{ inputs.parameters.a }}", "{{workflow.parameters.b}}",
      "{{inputs.parameters.c}}"]
""",
    )
    assert texts(container) == [['x', '12', '{{workflow.parameters.b}}', '{{inputs.parameters.c}}']]


@pytest.mark.parametrize(
    ('params', 'word', 'expected'),
    (
        ('[]', '$(params.a)', ['$(params.a)']),
        ('[{name: a}]', '$(params.a)', ['$(params.a)']),
        ('[{name: a, default: b}]', '-$(params.a)-', ['-b-']),
        ('[{name: a, default: b}]', '$(inputs.params.a)', ['b']),
        ('[{name: a, default: b}]', '$(params["a"])', ['b']),
        ('[{name: a, default: b}]', '$(params.a[*])', ['$(params.a[*])']),
        ('[{name: a.x, default: b}]', "$(params['a.x'])", ['b']),
        ('[{name: a, default: [b, c]}]', '$(params.a[*])', ['b', 'c']),
        ('[{name: a, default: []}]', '$(params.a[*])', []),
        ('[{name: a, default: [b, c]}]', '$(params.a[1])', ['c']),
        ('[{name: a, default: [b, c]}]', '$(params.a[2])', ['$(params.a[2])']),
        ('[{name: a, default: [b, c]}]', '$(params.a)', ['b', 'c']),
        ('[{name: a, default: [b, c]}]', '-$(params.a[*])', ['-$(params.a[*])']),
        ('[{name: a, default: {k: v, l: [m]}}]', '$(params.a.k)$(params.a.l)', ['v$(params.a.l)']),
        ('[{name: a, default: $(context.x)}]', '$(params.a)', ['$(context.x)']),
        ('[{name: a, default: $(params.z)}]', '$(params.a)', ['$(params.a)']),
    ),
)
def test_tekton_parameters(params: str, word: str, expected: list[str]) -> None:
    quoted = word.replace("'", "''")
    container = _only(TASK, f"params: {params}\nsteps:\n- command: [x, '{quoted}']")
    assert texts(container) == [['x', *expected]]


@pytest.mark.parametrize(
    ('task', 'expected'),
    (
        ('', 'run default'),
        (', params: [{name: b, value: given}]', 'run given'),
        (', params: [{name: b, value: $(params.a)}]', 'run run'),
        (', params: [{name: b, value: $(tasks.x.results.y)}]', 'run $(tasks.x.results.y)'),
        (', params: [{name: b, value: "$(params.l[*])"}]', 'run $(params.b)'),
        (', params: [{name: b, value: "$(params.a[*])"}]', 'run $(params.b)'),
        (', matrix: {params: [{name: b, value: [x, y]}]}', 'run $(params.b)'),
    ),
)
def test_parameters_of_a_pipeline_run(task: str, expected: str) -> None:
    container = only(
        reading(
            'a.yaml',
            f"""\
apiVersion: tekton.dev/v1
kind: PipelineRun
spec:
  params: [{{name: a, value: run}}, {{name: l, value: [x]}}]
  pipelineSpec:
    params: [{{name: a, default: pipeline}}]
    tasks:
    - {{taskSpec: {{params: [{{name: b, default: default}}], steps: [{{
        script: $(params.a) $(params.b)}}]}}{task}}}
""",
        )
    )
    assert container.name == 'spec.pipelineSpec.tasks[0].taskSpec.steps[0]'
    assert texts(container) == [[expected]]


def test_an_array_is_passed_on() -> None:
    container = only(
        reading(
            'a.yaml',
            """\
apiVersion: tekton.dev/v1
kind: PipelineRun
spec:
  params: [{name: a, value: [x, y]}]
  pipelineSpec:
    tasks:
    - taskSpec: {params: [{name: b}], steps: [{command: [c, "$(params.b[*])"]}]}
      params: [{name: b, value: "$(params.a[*])"}]
""",
        )
    )
    assert texts(container) == [['c', 'x', 'y']]


def test_the_arguments_of_a_tekton_script() -> None:
    task = f'{TASK}  params: [{{name: p, default: [c, d]}}]\n  steps:\n'
    step = '{image: a, args: [b, "$(params.p[*])", "$(params.q[*])"], script: c}'
    part = only(reading('a.yaml', f'{task}  - {step}')).parts[0]
    assert [word.text for word in part.arguments] == ['b', 'c', 'd', '$(params.q[*])']
    # Argo hands them to the interpreter, before the script.
    part = _only(ARGO, f'script: {step.replace("script", "source")}').parts[0]
    assert part.arguments == ()


def test_parameters_of_old_tasks() -> None:
    container = _only(
        TASK, 'inputs: {params: [{name: a, default: b}]}\nsteps: [{script: $(inputs.params.a)}]'
    )
    assert texts(container) == [['b']]


def test_the_words_of_an_array_stand_at_its_reference() -> None:
    container = _only(
        TASK, 'params: [{name: a, default: [b, c]}]\nsteps: [{args: ["$(params.a[*])"]}]'
    )
    assert [command.text for command in container.parts[0].commands] == ['b', 'c']
    second = container.parts[0].commands[1]
    assert second.offset == second.locate(1) == 101


def test_a_step_template_gives_image_and_environment() -> None:
    result = reading(
        'a.yaml',
        f"""\
{TASK}
  params: [{{name: p, default: q}}]
  stepTemplate: {{image: "a:$(params.p)", env: [{{name: X, value: $(params.p)}}]}}
  steps:
  - {{script: b}}
  - {{image: c, script: d, env: [{{name: X, value: e}}]}}
""",
    )
    assert [container.image and container.image.values for container in result.containers] == [
        ('a:q',),
        ('c',),
    ]
    assert [container.parts[0].variables['X'].values for container in result.containers] == [
        ('q',),
        ('e',),
    ]


@pytest.mark.parametrize(
    ('folder', 'expected'),
    (
        ('$(workspaces.source.path)', ''),
        ('$(workspaces.source.path)/a', 'a'),
        ('/workspace/source/a', 'a'),
        ('/workspace/a', 'a'),
        ('/workspaces', None),
        ('a/b', 'a/b'),
        ('$(params.x)', None),
    ),
)
def test_where_a_step_starts(folder: str, expected: str | None) -> None:
    container = _only(TASK, f'steps: [{{workingDir: {folder}, script: a}}]')
    assert container.parts[0].directory == expected


def test_resources_in_resources_are_read_as_their_own_kind() -> None:
    result = reading(
        'a.yaml',
        """\
apiVersion: triggers.tekton.dev/v1beta1
kind: TriggerTemplate
spec:
  params: [{name: a, default: b}]
  resourcetemplates:
  - apiVersion: tekton.dev/v1
    kind: TaskRun
    spec:
      params: [{name: p, value: $(tt.params.a)}]
      taskSpec: {steps: [{script: "$(params.p)"}], sidecars: [{image: x, script: y}]}
  - {apiVersion: v1, kind: Pod, spec: {containers: [{command: [z]}], steps: [{script: n}]}}
""",
    )
    assert [(container.system, texts(container)) for container in result.containers] == [
        ('tekton', [['b']]),
        ('tekton', [['y']]),
        ('kubernetes', [['z']]),
    ]


def test_step_actions_and_several_documents() -> None:
    action = 'apiVersion: tekton.dev/v1beta1\nkind: StepAction\nspec: {image: a, script: b}\n'
    assert _names(reading('a.yaml', action)) == ['spec']
    assert _names(reading('a.yaml', f'{action}---\n{{a: b}}\n---\n{action}')) == [
        'doc[0].spec',
        'doc[2].spec',
    ]


def test_drone_and_its_like() -> None:
    result = reading(
        '.drone.yml',
        """\
kind: pipeline
environment: {A: b}
steps:
- {image: i, commands: [a, "$${B} $$(c) $$$$"], environment: {C: {from_secret: d}}, directory: x}
- {image: plugins/kaniko, settings: {enable_cache: true}}
- {image: plugins/kaniko, settings: {repo: x}}
- {image: plugins/kaniko, settings: {cache: {from_secret: x}}}
- {settings: {cache: true}}
services: [{image: j, command: [k]}]
""",
    )
    assert _names(result) == ['steps[0]', 'steps[1]', 'steps[2]', 'steps[3]', 'services[0]']
    part = result.containers[0].parts[0]
    assert [command.text for command in part.commands] == ['a', '${B} $(c) $$']
    assert {name: variable.values for name, variable in part.variables.items()} == {
        'A': ('b',),
        'C': (),
    }
    assert part.directory == 'x'
    assert [texts(container) for container in result.containers[1:4]] == [
        [['--cache=true']],
        [['--cache=false']],
        [['--cache={{cache}}']],
    ]


def test_woodpecker_steps_by_name_and_matrix() -> None:
    result = reading(
        '.woodpecker.yml',
        """\
matrix: {A: [b, c], include: [{D: e}, {D: f}]}
steps:
  one: {image: i, commands: a}
  two: &two {image: i, commands: [a]}
  three: {<<: *two, image: j}
  four: *two
""",
    )
    assert _names(result) == ['steps.one', 'steps.two', 'steps.three', 'steps.four']
    assert [container.image and container.image.values for container in result.containers] == [
        ('i',),
        ('i',),
        ('j',),
        ('i',),
    ]
    variables = result.containers[0].parts[0].variables
    assert variables['A'].values == ('b', 'c')
    assert variables['D'].values == ('e', 'f')
    assert result.containers[3].place.offset > result.containers[2].place.offset
    assert result.containers[3].places == result.containers[1].places


def test_bitbucket_steps() -> None:
    result = reading(
        'bitbucket-pipelines.yml',
        """\
image: {name: i}
definitions: {steps: [step: &s {script: [a, {pipe: p}, b], after-script: [c]}]}
pipelines:
  default: [step: *s, parallel: {steps: [step: {image: j, script: [d], after-script: []}]}]
""",
    )
    assert _names(result) == [
        'pipelines.default[0].step',
        'pipelines.default[1].parallel.steps[0].step',
    ]
    first, second = result.containers
    assert texts(first) == [['a', 'b'], ['c']]
    assert [(part.always, part.shell) for part in first.parts] == [(False, 'bash'), (True, 'bash')]
    assert first.image is not None and first.image.values == ('i',)
    assert len(second.parts) == 1


def test_concourse_tasks() -> None:
    result = reading(
        'a.yml',
        """\
jobs:
- name: a
  plan:
  - do:
    - task: b
      config:
        image_resource: {source: {repository: r, tag: t}}
        params: {A: ((b)), C: d}
        run: {path: sh, args: [-c, "x ((y.z))"], dir: repo}
    - {task: c, config: {image_resource: {source: {repository: s}}, run: {path: e}}}
""",
    )
    assert _names(result) == ['jobs[0].plan[0].do[0].config', 'jobs[0].plan[0].do[1].config']
    first, second = result.containers
    assert first.image is not None and first.image.values == ('r:t',)
    assert second.image is not None and second.image.values == ('s',)
    assert texts(first) == [['sh', '-c', 'x {{y.z}}']]
    assert first.parts[0].variables['A'].values == ()
    task = only(reading('a.yml', 'platform: linux\nimage_resource: {}\nrun: {path: x}'))
    assert (task.name, task.image) == ('doc[0]', None)


def test_codefresh_steps() -> None:
    result = reading(
        'codefresh.yml',
        """\
version: "1.0"
steps:
  clone: {type: git-clone}
  one: {image: i, commands: [a], shell: bash, working_directory: b, environment: [C=d]}
  all: {type: parallel, steps: {two: {image: j, cmd: [e]}}}
""",
    )
    assert _names(result) == ['steps.one', 'steps.all.steps.two']
    part = result.containers[0].parts[0]
    assert (part.shell, part.directory, part.variables['C'].values) == ('bash', 'b', ('d',))
    assert result.containers[1].parts[0].form == ARGUMENTS


def test_documents_in_themselves_and_too_many_of_them_end() -> None:
    result = reading('a.yaml', f'{POD}  a: &a [*a, {{b: *a}}]\n  containers: [{{command: [x]}}]')
    assert (_names(result), result.notes) == (['spec.containers[0]'], ())
    lines = ''.join(
        f'l{level}: &l{level} [*l{level - 1}, *l{level - 1}]\n' for level in range(1, 40)
    )
    result = reading('a.yaml', f'apiVersion: v1\nkind: Pod\nl0: &l0 [[]]\n{lines}')
    assert [note.message for note in result.notes] == ['too many nodes to look at all of them']
    deep = reading('a.yaml', f'apiVersion: v1\nkind: Pod\na: {"[" * 150}{"]" * 150}')
    assert deep == Reading(())
