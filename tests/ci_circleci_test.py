from __future__ import annotations

import json

import pytest

from kaniko_hooks.model import Container, Place, Reading, ScriptPart
from tests.other_ci import only, reading, shown, texts

PATH = '.circleci/config.yml'


def _container(text: str) -> Container:
    return only(reading(PATH, f'version: 2.1\n{text}'))


def _part(text: str) -> ScriptPart:
    (part,) = _container(text).parts
    return part


@pytest.mark.parametrize(
    'text',
    (
        'version: 2.1',
        '{jobs: {a: {steps: [checkout]}}}',
        '{jobs: {a: {steps: [{save_cache: {key: b}}]}}}',
        '{jobs: {a: {steps: [{run: {name: b}}]}}}',
        '{jobs: {a: {steps: [[b]]}}}',
        '{commands: {a: {steps: [{run: b}]}}}',
        '{jobs: {a: {steps: [{when: {condition: false, steps: [{run: b}]}}]}}}',
    ),
)
def test_nothing_runs(text: str) -> None:
    assert reading(PATH, text) == Reading(())


def test_a_job_is_a_container_and_its_run_steps_are_parts_in_order() -> None:
    container = _container(
        'jobs:\n  build:\n    docker: [{image: i:1}, {image: postgres}]\n'
        '    steps:\n    - checkout\n    - run: a\n    - run: {name: n, command: b}\n'
    )
    assert (container.system, container.name) == ('circleci', 'jobs.build')
    assert container.place == Place(PATH, 21)
    assert container.image is not None and container.image.values == ('i:1',)
    assert texts(container) == [['a'], ['b']]
    assert container.visible


def test_an_executor_gives_image_shell_and_environment() -> None:
    container = _container("""\
executors:
  kaniko:
    parameters: {tag: {default: v1}, shell: {default: /bin/bash}}
    docker: [{image: "i:<< parameters.tag >>", environment: {A: image, B: image}}]
    shell: << parameters.shell >>
    environment: {B: "<<parameters.tag>>", C: executor}
jobs:
  a:
    executor: {name: kaniko, tag: v2, shell: /busybox/sh -e}
    environment: {C: job}
    steps: [{run: {command: x, environment: [D=step]}}, {run: {command: y, shell: python}}]
""")
    assert container.image is not None and container.image.values == ('i:v2',)
    assert [part.shell for part in container.parts] == ['sh', 'python']
    assert {name: each.values for name, each in container.parts[0].variables.items()} == {
        'A': ('image',),
        'B': ('v2',),
        'C': ('job',),
        'D': ('step',),
    }
    assert len(container.places) == 2


def test_a_job_may_have_no_image() -> None:
    for text in ('executor: orb/default', 'machine: true', 'docker: []'):
        assert _container(f'jobs: {{a: {{{text}, steps: [run: b]}}}}').image is None


@pytest.mark.parametrize(
    ('job', 'expected'),
    (
        ('steps: [{run: a}]', ''),
        ('working_directory: ~/project, steps: [{run: a}]', ''),
        ('steps: [{run: {command: a, working_directory: b/c}}]', 'b/c'),
        ('working_directory: b, steps: [{run: {command: a, working_directory: c}}]', 'b/c'),
        ('working_directory: b, steps: [{run: {command: a, working_directory: ~/c}}]', None),
        ('working_directory: /tmp, steps: [{run: a}]', ''),
        ('working_directory: /tmp, steps: [{run: {command: a, working_directory: /b}}]', None),
        ('executor: e, steps: [{run: a}]', 'd'),
        ('steps: [{run: {command: a, working_directory: ~/project/b}}]', 'b'),
        ('steps: [{run: {command: a, working_directory: ~/b}}]', None),
    ),
)
def test_where_a_step_starts(job: str, expected: str | None) -> None:
    part = _part(f'jobs: {{x: {{{job}}}}}\nexecutors: {{e: {{working_directory: d}}}}')
    assert part.directory == expected


def test_steps_that_run_after_a_failure() -> None:
    container = _container(
        'jobs: {a: {steps: [{run: {command: b, when: always}}, {run: {command: c, when: on_fail}},'
        '{run: {command: d, when: on_success}}]}}'
    )
    assert [part.always for part in container.parts] == [True, True, False]


COMMAND = """\
commands:
  build:
    parameters: {name: {default: one}, flag: {type: string}}
    steps: [{run: "build << parameters.name >> <<parameters.flag>>"}]
"""


def test_a_reusable_command_runs_where_it_is_called() -> None:
    container = _container(f"""{COMMAND}
jobs:
  a:
    steps: [build, {{build: {{name: two, flag: "<< pipeline.x >>"}}}}, other]
""")
    assert texts(container) == [
        ['build one <<parameters.flag>>'],
        ['build two <<parameters.flag>>'],
    ]
    first, second = (part.commands[0] for part in container.parts)
    assert first.offset == second.offset
    assert len(container.places) == 3


def test_commands_that_call_themselves_or_many_others_end() -> None:
    container = _container('commands: {a: {steps: [{run: b}, a]}}\njobs: {c: {steps: [a]}}')
    assert texts(container) == [['b']]
    commands = ', '.join(
        f'c{level}: {{steps: [{", ".join([f"c{level + 1}"] * 9)}]}}' for level in range(12)
    )
    text = f'commands: {{{commands}, c5: {{steps: [{"{run: x}, " * 900}]}}}}\n'
    container = _container(f'{text}jobs: {{a: {{steps: [{"c4, " * 9}]}}}}')
    assert 1_900 < len(container.parts) < 3_000


def test_a_command_of_an_orb_is_noted() -> None:
    result = reading(PATH, 'jobs: {a: {steps: [{run: b}, slack/notify, {x/y: {z: 1}}]}}')
    assert [note.message for note in result.notes] == [
        'the orb command slack/notify is not visible here',
        'the orb command x/y is not visible here',
    ]
    assert not only(result).visible


@pytest.mark.parametrize(
    ('calls', 'expected'),
    (
        pytest.param('', 'x d << parameters.b >>', id='not called'),
        pytest.param('[job]', 'x d << parameters.b >>', id='called with nothing'),
        pytest.param('[{job: {a: 1, b: 2}}, other]', 'x 1 2', id='called once'),
        pytest.param('[{job: {a: 1}}, {job: {a: 1, b: 2}}]', 'x 1 << parameters.b >>', id='twice'),
        pytest.param(
            '[{job: {a: "<< pipeline.p >>"}}]',
            'x << parameters.a >> << parameters.b >>',
            id='with something unknown',
        ),
        pytest.param(
            '[{job: {matrix: {parameters: {a: [1, 1], b: [2, 3]}}}}]',
            'x 1 << parameters.b >>',
            id='matrix',
        ),
    ),
)
def test_parameters_of_a_job(calls: str, expected: str) -> None:
    container = _container(
        'jobs: {job: {parameters: {a: {default: d}, b: {type: string}}, '
        'steps: [{run: "x << parameters.a >> << parameters.b >>"}]}}\n'
        f'workflows: {{version: 2, main: {{jobs: {calls}}}}}'
    )
    assert texts(container) == [[expected]]


def test_alternatives_of_a_variable() -> None:
    part = _part("""\
parameters: {p: {default: q}}
jobs:
  job:
    parameters: {a: {default: d}}
    environment: {A: "-<< parameters.a >>", P: << pipeline.parameters.p >>, Q: {x: y}}
    steps: [{run: x}]
workflows: {main: {jobs: [{job: {a: 1}}, job]}}
""")
    assert part.variables['A'].values == ('-1', '-d')
    assert part.variables['P'].values == ('q',)
    assert part.variables['Q'].values == ()


ORB = """\
orbs:
  own:
    orbs: {inner: {commands: {c: {steps: [{run: inner}]}}}}
    executors: {e: {docker: [{image: i:1}], environment: {A: b}}}
    commands:
      build: {parameters: {p: {default: d}}, steps: [{run: "x << parameters.p >>"}, other, inner/c]}
      other: {steps: [{run: other}]}
    jobs:
      job: {parameters: {p: {type: string}}, executor: e, steps: [{run: "y << parameters.p >>"}]}
"""


def test_an_orb_of_the_file_has_commands_and_executors() -> None:
    result = reading(
        PATH,
        f"""{ORB}
jobs:
  a: {{executor: own/e, steps: [{{own/build: {{p: q}}}}, own/missing]}}
workflows: {{w: {{jobs: [a, {{own/job: {{p: r}}}}]}}}}
""",
    )
    first, second = result.containers
    assert texts(first) == [['x q'], ['other'], ['inner']]
    assert (first.name, second.name) == ('jobs.a', 'orbs.own.jobs.job')
    assert texts(second) == [['y r']]
    for container in result.containers:
        assert container.image is not None and container.image.values == ('i:1',)
        assert container.parts[0].variables['A'].values == ('b',)
    assert [note.message for note in result.notes] == [
        'the orb command own/missing is not visible here'
    ]


def test_steps_around_those_of_a_job_are_those_of_one_call() -> None:
    container = _container("""\
jobs: {a: {steps: [{run: x}]}}
workflows:
  w:
    jobs:
      - a: {name: one, pre-steps: [{run: before}], post-steps: [{run: after}]}
      - a: {name: two, post-steps: [{run: other}]}
""")
    assert texts(container) == [['before'], ['x'], ['after'], ['other']]
    assert [shown(part.guard) for part in container.parts] == [
        'call of the job == 0',
        'True',
        'call of the job == 0',
        'call of the job == 1',
    ]


def test_steps_that_are_passed_run_where_they_are_asked_for() -> None:
    container = _container("""\
commands:
  around:
    parameters: {p: {default: inner}, s: {type: steps}, t: {type: steps, default: [{run: t}]}}
    steps: [{run: a}, {steps: << parameters.s >>}, {steps: << parameters.t >>}, {steps: [x]}]
jobs:
  a:
    parameters: {p: {default: outer}}
    steps: [{around: {s: [{run: "x << parameters.p >>"}, {around: {s: []}}]}}]
""")
    assert texts(container) == [['a'], ['x outer'], ['a'], ['t'], ['t']]


@pytest.mark.parametrize(
    ('command', 'expected'),
    (
        ('x \\<< y', 'x << y'),
        ('x \\<< parameters.on >>', 'x << parameters.on >>'),
        ('x <<# parameters.on >>y<</ parameters.on >>', 'x y'),
        ('x <<#parameters.off>>y<</parameters.off>>', 'x '),
        ('x <<^ parameters.on >>y<</ parameters.on >>', 'x '),
        ('x <<^ parameters.off >>y<</ parameters.off >>', 'x y'),
        ('x <<# parameters.on >>y << parameters.off >><</ parameters.on >>', 'x y false'),
        ('x <<# parameters.some >>y<</ parameters.some >>', 'x {{parameters.some}}'),
        ('x <<# parameters.some >>\ny<</ parameters.some >>', 'x \ny'),
        (
            'x <<# parameters.on >>y<</ parameters.off >>',
            'x <<# parameters.on >>y<</ parameters.off >>',
        ),
    ),
)
def test_sections_and_what_is_escaped(command: str, expected: str) -> None:
    part = _part(
        'jobs: {a: {parameters: {on: {default: true}, off: {default: false}, '
        f'some: {{type: boolean}}}}, steps: [{{run: {json.dumps(command)}}}]}}}}'
    )
    assert part.commands[0].text == expected


def test_a_guard_holds_for_the_steps_of_a_command() -> None:
    container = _container(f"""{COMMAND}
jobs:
  a:
    parameters: {{p: {{type: boolean}}}}
    steps:
    - when: {{condition: << parameters.p >>, 
        steps: [build, {{when: {{condition: 1, steps: [build]}}}}]}}
""")
    assert [shown(part.guard) for part in container.parts] == ['<<parameters.p>>?'] * 2
