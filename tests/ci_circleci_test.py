from __future__ import annotations

import pytest

from kaniko_hooks.model import Place
from kaniko_hooks.repository import Unreadable
from tests.other_ci import K, builds, containers

PATH = '.circleci/config.yml'
IMAGE = 'docker: [{image: "gcr.io/kaniko-project/executor:debug"}]'


def config(text: str, files: dict[str, str] | None = None) -> dict[str, list[str]]:
    """The builds of a configuration; IMAGE and K are put in."""
    return builds(PATH, prepared(text), files)


def prepared(text: str) -> str:
    text = text.replace('IMAGE', IMAGE).replace('K ', f'{K} ')
    return f'version: 2.1\n{text}'


def both(first: str, second: str) -> bool:
    """True if steps under these conditions may both run."""
    return (
        config(f"""\
parameters: {{known: {{type: string, default: yes}}}}
jobs:
  a:
    IMAGE
    parameters: {{on: {{default: true}}, p: {{type: string}}}}
    steps:
    - when: {{condition: {first}, steps: [run: K a]}}
    - when: {{condition: {second}, steps: [run: K b]}}
""")['jobs.a'][0]
        == 'cached'
    )


@pytest.mark.parametrize(
    'text',
    (
        '',
        '{jobs: {a: {steps: [checkout]}}}',
        '{jobs: {a: {steps: [{save_cache: {key: b}}]}}}',
        '{jobs: {a: {steps: [{run: {name: b}}]}}}',
        '{jobs: {a: {steps: [[b]]}}}',
        '{commands: {a: {steps: [{run: b}]}}}',
        '{jobs: {a: {steps: [{when: {condition: false, steps: [{run: b}]}}]}}}',
    ),
)
def test_nothing_runs(text: str) -> None:
    assert containers(PATH, f'# kaniko\n{text}') == ()


def test_a_job_is_a_container_and_its_run_steps_are_scripts_in_order() -> None:
    text = (
        'jobs:\n  build:\n    docker: [{image: kaniko}, {image: postgres}]\n'
        '    steps:\n    - checkout\n    - run: a\n    - run: {name: n, command: b}\n'
    )
    (container,) = containers(PATH, text)
    assert (container.system, container.name) == ('circleci', 'jobs.build')
    assert container.place == Place(PATH, 8)
    assert [script.commands[0].value for script in container.scripts] == ['a', 'b']
    assert container.visible


def test_an_executor_gives_image_shell_and_environment() -> None:
    text = f"""\
executors:
  kaniko:
    parameters: {{tag: {{default: debug}}, shell: {{default: python}}}}
    docker:
    - image: gcr.io/kaniko-project/executor:<< parameters.tag >>
      environment: {{A: image, B: image}}
    shell: << parameters.shell >>
    environment: {{B: "<<parameters.tag>>", C: executor}}
jobs:
  a:
    executor: {{name: kaniko, tag: v2, shell: /busybox/sh -e}}
    environment: {{C: job}}
    steps:
    - run: {{command: {K} $A-$B-$C-$D, environment: [D=step]}}
    - run: {{command: {K} y, shell: python}}
  b: {{executor: kaniko, steps: [run: {K} z]}}
"""
    assert config(text) == {'jobs.a': ['ok', 'on image-v2-job-step']}
    assert config(f'jobs: {{a: {{executor: orb/default, steps: [run: {K} a]}}}}') == {
        'jobs.a': ['ok', 'on a']
    }


@pytest.mark.parametrize(
    'job',
    (
        'steps: [{run: x/y/build.sh}]',
        'working_directory: ~/project, steps: [{run: x/y/build.sh}]',
        'steps: [{run: {command: ./build.sh, working_directory: x/y}}]',
        'working_directory: x, steps: [{run: {command: ./build.sh, working_directory: y}}]',
        'steps: [{run: {command: ./build.sh, working_directory: ~/x/y}}]',
        'working_directory: /tmp, steps: [{run: x/y/build.sh}]',
        'steps: [{run: {command: ./build.sh, working_directory: /x/y}}]',
        'executor: e, steps: [{run: ./build.sh}]',
        'steps: [{run: {command: ./build.sh, working_directory: ~/project/x/y}}]',
        'steps: [{run: {command: ./build.sh, working_directory: << parameters.p >>}}]',
        'steps: [{run: $CIRCLE_WORKING_DIRECTORY/x/y/build.sh}]',
    ),
)
def test_a_script_of_the_repository(job: str) -> None:
    text = f'jobs: {{x: {{{job}}}}}\nexecutors: {{e: {{working_directory: x/y}}}}'
    assert config(text, {'x/y/build.sh': f'{K} a\n'})


def test_steps_that_run_after_a_failure() -> None:
    steps = ', '.join(
        f'{{run: {{command: "K {when}; exit 1", when: {when}}}}}'
        for when in ('on_success', 'always', 'on_fail')
    )
    text = f'jobs: {{a: {{IMAGE, steps: [{steps}, {{run: K b}}]}}}}'
    assert config(text)['jobs.a'] == ['cached', 'on on_success', 'on always', 'on on_fail']


COMMAND = """\
commands:
  build:
    parameters: {name: {default: one}, flag: {type: string}}
    steps: [{run: "K << parameters.name >><<parameters.flag>>"}]
"""


def test_a_reusable_command_runs_where_it_is_called() -> None:
    text = f"""{COMMAND}
jobs:
  a:
    IMAGE
    steps: [{{build: {{flag: x}}}}, {{build: {{name: two, flag: ""}}}}, other]
"""
    assert config(text) == {'jobs.a': ['cached', 'on onex two x2']}


def test_commands_that_call_themselves_or_many_others_end() -> None:
    text = 'commands: {a: {steps: [{run: K b}, a]}}\njobs: {c: {IMAGE, steps: [a]}}'
    assert config(text) == {'jobs.c': ['cached', 'on b x2']}
    commands = ', '.join(
        f'c{level}: {{steps: [{", ".join([f"c{level + 1}"] * 9)}]}}' for level in range(12)
    )
    text = f'commands: {{{commands}, c5: {{steps: [{"{run: kaniko}, " * 900}]}}}}\n'
    with pytest.raises(Unreadable, match='has a job of too many steps'):
        containers(PATH, f'{text}jobs: {{a: {{steps: [{"c4, " * 9}]}}}}')


def test_a_command_of_an_orb_is_noted() -> None:
    text = 'jobs: {a: {steps: [{run: executor}, slack/notify, {x/y: {z: 1}}]}}'
    (container,) = containers(PATH, text)
    assert not container.visible


@pytest.mark.parametrize(
    ('calls', 'expected'),
    (
        pytest.param('', ['uncached', 'off d', 'off b'], id='not called'),
        pytest.param('[job]', ['uncached', 'off d', 'off b'], id='called with nothing'),
        pytest.param('[{job: {a: x, c: true}}, other]', ['cached', 'on x', 'on b'], id='once'),
        pytest.param('[{job: {c: true}}, {job: {c: false}}]', 'cached', id='twice'),
        pytest.param(
            '[{job: {c: "<< pipeline.p >>"}}]', 'maybe-cached', id='with something unknown'
        ),
        pytest.param('[{job: {matrix: {parameters: {c: [true, false]}}}}]', 'cached', id='matrix'),
        pytest.param(
            '[{job: {matrix: {parameters: {c: [false]}}}}]',
            ['uncached', 'off d', 'off b'],
            id='matrix of one',
        ),
    ),
)
def test_parameters_of_a_job(calls: str, expected: list[str] | str) -> None:
    outcome = config(f"""\
jobs:
  job:
    IMAGE
    parameters: {{a: {{default: d}}, c: {{default: false}}}}
    environment: {{FLAG: "--cache=<< parameters.c >>"}}
    steps:
    - run: executor --cache=<< parameters.c >> -d << parameters.a >>
    - run: executor $FLAG -d b
workflows: {{version: 2, main: {{jobs: {calls}}}}}
""")['jobs.job']
    if isinstance(expected, str):
        assert outcome[0] == expected
    else:
        assert outcome == expected


def test_an_orb_of_the_file_has_commands_and_executors() -> None:
    text = """\
orbs:
  own:
    orbs: {inner: {commands: {c: {steps: [{run: K inner}]}}}}
    executors: {e: {IMAGE, environment: {A: b}}}
    commands:
      build: {parameters: {p: {default: d}}, steps: [{run: "K << parameters.p >>"}, other, inner/c]}
      other: {steps: [{run: K $A}]}
    jobs:
      job: {parameters: {p: {type: string}}, executor: e, steps: [{run: "K << parameters.p >>"}]}
jobs:
  a: {executor: own/e, steps: [{own/build: {p: q}}, own/missing]}
workflows: {w: {jobs: [a, {own/job: {p: r}}]}}
"""
    assert config(text) == {
        'jobs.a': ['cached', 'on q', 'on b', 'on inner'],
        'orbs.own.jobs.job': ['ok', 'on r'],
    }


def test_steps_around_those_of_a_job_are_those_of_its_calls() -> None:
    text = """\
jobs: {a: {IMAGE, steps: [{run: ls}]}}
workflows:
  w:
    jobs:
      - a: {name: one, pre-steps: [{run: K before}]}
      - a: {name: two, post-steps: [{run: K after}]}
"""
    assert config(text)['jobs.a'] == ['cached', 'on before', 'on after']


def test_steps_that_are_passed_run_where_they_are_used() -> None:
    text = """\
commands:
  around:
    parameters: {p: {default: inner}, s: {type: steps}, t: {type: steps, default: [{run: K t}]}}
    steps: [{run: K a}, {steps: << parameters.s >>}, {steps: << parameters.t >>}, {steps: [x]}]
jobs:
  a:
    IMAGE
    parameters: {p: {default: outer}}
    steps: [{around: {s: [{run: "K << parameters.p >>"}, {around: {s: []}}]}}]
"""
    assert config(text) == {'jobs.a': ['cached', 'on a x2', 'on outer', 'on t x2']}


@pytest.mark.parametrize(
    ('command', 'expected'),
    (
        ('K x\\<< y', ['ok', 'on x']),
        ('executor -d x <<# parameters.some >>--cache<</ parameters.some >>', ['ok', 'unknown x']),
        ('executor -d x <<# parameters.some >>\\n K y<</ parameters.some >>', None),
        ('K x; K << pipeline.git.branch == "main" >>', None),
        ('K x; K << pipeline.git. >>', None),
    ),
)
def test_sections_expressions_and_what_is_escaped(command: str, expected: list[str] | None) -> None:
    quoted = command.replace('"', '\\"').replace('\\<', '\\\\<')
    outcome = config(
        'jobs: {a: {IMAGE, parameters: {some: {type: boolean}}, '
        f'steps: [{{run: "{quoted}"}}]}}}}'
    )['jobs.a']
    if expected is None:
        assert len(outcome) == 3
    else:
        assert outcome == expected


@pytest.mark.parametrize(
    ('first', 'second'),
    (
        ('<< parameters.p >>', '{not: << parameters.p >>}'),
        ('<< parameters.p >>', '{not: {not: {not: <<parameters.p>>}}}'),
        ('<< pipeline.x == "y" >>', 'pipeline.x != "y"'),
        ('<< pipeline.x >>', 'not pipeline.x'),
        ('<< pipeline.x == "y" and pipeline.z >>', '<< not pipeline.z >>'),
        ('pipeline.x == "y" or pipeline.x == "z"', 'pipeline.x == "w"'),
        ('(pipeline.x == "y") and pipeline.z', 'not (pipeline.z)'),
        ('{equal: [x, << pipeline.git.branch >>]}', '{equal: [<< pipeline.git.branch >>, y]}'),
        (
            '{equal: [<< pipeline.a >>, << pipeline.b >>]}',
            '{not: {equal: [<< pipeline.a >>, << pipeline.b >>]}}',
        ),
        ('{equal: [x, y]}', 'true'),
        ('parameters.on == "a" or parameters.on == parameters.p', 'not parameters.p == true'),
        ('pipeline.x starts-with pipeline.y', 'not pipeline.x starts-with pipeline.y'),
        ('{not: << parameters.on >>}', 'true'),
        ('parameters.on == false', 'true'),
        ('{and: [<< parameters.on >>, << parameters.p >>]}', '{not: << parameters.p >>}'),
        (
            '{matches: {pattern: "^v", value: << pipeline.git.tag >>}}',
            '{not: {matches: {pattern: "^v",  value: << pipeline.git.tag >>}}}',
        ),
        ('{equal: [[x], [y]]}', '{not: {equal: [[x], [y]]}}'),
        ('""', 'true'),
    ),
)
def test_conditions_that_exclude_each_other(first: str, second: str) -> None:
    assert not both(first, second)


@pytest.mark.parametrize(
    ('first', 'second'),
    (
        ('<< pipeline.x >>', '<< pipeline.y >>'),
        ('true', '{equal: [x, x]}'),
        ('true', '{equal: [x]}'),
        ('{or: [<< parameters.on >>, << parameters.p >>]}', '{not: << parameters.p >>}'),
        ('<< pipeline.parameters.known >>', '{not: << pipeline.parameters.other >>}'),
        ('{equal: [no, << pipeline.parameters.known >>]}', 'true'),
        ('{or: [<< pipeline.x >>, << parameters.p >>]}', '{not: << parameters.p >>}'),
        ('pipeline.x ==', 'true'),
        ('&c {or: [*c, *c]}', 'true'),
        ('{x: {y: {z: {a: b}}}}', 'true'),
        ('{}', 'true'),
    ),
)
def test_conditions_that_may_hold_together(first: str, second: str) -> None:
    assert both(first, second)


def test_parameters_of_a_command_are_those_of_its_call() -> None:
    text = """\
commands:
  build:
    parameters: {p: {type: string}}
    steps:
    - when: {condition: {equal: [a, << parameters.p >>]}, steps: [run: K a]}
    - unless: {condition: {equal: [a, << parameters.p >>]}, steps: [run: K b]}
jobs:
  known: {IMAGE, steps: [build: {p: a}]}
  unknown: {IMAGE, steps: [build: {p: << pipeline.x >>}]}
  twice: {IMAGE, steps: [build: {p: {}}, build]}
"""
    outcomes = config(text)
    assert outcomes['jobs.known'] == ['ok', 'on a']
    assert outcomes['jobs.unknown'][0] == 'ok'
    assert outcomes['jobs.twice'][0] == 'cached'
