"""The check as a user calls it: arguments in, exit code and text out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kaniko_hooks.check_kaniko_builds import main
from tests.conftest import Write

CI = '.gitlab-ci.yml'
IMAGE = '  image: {name: "gcr.io/kaniko-project/executor:debug", entrypoint: [""]}\n'


def pipeline(*commands: str) -> str:
    return (
        'images:\n' + IMAGE + '  script:\n' + ''.join(f'    - {command}\n' for command in commands)
    )


def build(name: str, flags: str = '--cache=true') -> str:
    return f'/kaniko/executor {flags} --context {name} --destination registry.test/{name}:1'


TWO = pipeline(build('shop'), build('mail'))


@pytest.mark.parametrize(
    'text',
    (
        pytest.param('{{- range .Values.images }}\nkaniko: {{ . }}\n', id='template'),
        pytest.param(b'kaniko: \xff\n', id='binary'),
        pytest.param('kaniko: [\n', id='not YAML'),
        pytest.param('services: {a: {image: executor, command: [run, run]}}\n', id='compose'),
    ),
)
def test_files_that_are_not_ci_are_passed_over(
    text: str | bytes, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write({'deploy/values.yml': text, 'run.sh': text})
    assert main(['deploy/values.yml', 'run.sh']) == 0
    assert capsys.readouterr() == ('', '')


def test_finding(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write({CI: TWO})
    assert main([CI]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(f'{CI}:5:7: cached-builds-share-container: job `images` runs 2 Kaniko ')
    assert '  4 |     - /kaniko/executor --cache=true --context shop' in out
    assert (
        'fix: fix-kaniko-builds would split `images` into 2 jobs: `image-shop`, `image-mail`' in out
    )
    assert (
        err == '1 finding in 1 file (fix-kaniko-builds can fix 1), 1 container with Kaniko builds\n'
    )


@pytest.mark.parametrize(
    ('image', 'second', 'code'),
    (
        pytest.param('osscontainertools/kaniko:v1.27.0-debug', '--cache', 0, id='fork'),
        pytest.param('osscontainertools/kaniko:v1.26.6-debug', '--cache', 1, id='too old'),
        pytest.param('osscontainertools/kaniko:debug', '--cache', 1, id='not pinned'),
        pytest.param('kaniko-project/executor:v1.27.0', '--cache', 1, id='not the fork'),
    ),
)
def test_allow_cleanup(image: str, second: str, code: int, write: Write) -> None:
    text = pipeline(build('shop', '--cache --cleanup'), build('mail', second))
    write({CI: text.replace('gcr.io/kaniko-project/executor:debug', f'ghcr.io/{image}')})
    assert main(['--allow-cleanup', CI]) == code
    assert main([CI]) == 1


def test_image_in_a_variable(write: Write) -> None:
    text = TWO.replace('gcr.io/kaniko-project/executor:debug', '$KANIKO').replace('/kaniko/', '')
    text = text.replace('--destination', '-d').replace('--context', '-c')
    write({CI: text})
    assert main([CI]) == 0
    write({CI: f'variables: {{KANIKO: "registry.test/kaniko:1"}}\n{text}'})
    assert main([CI]) == 1


def test_bad_yaml(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write({CI: 'kaniko: [\n'})
    assert main([CI]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(f'{CI}:2:1: unreadable-ci-file: ')
    assert err == '1 finding in 1 file\n'


@pytest.mark.parametrize('text', ('kaniko: [\n', 'on: push\n'.encode('utf-16'), b'on: \0\n'))
def test_unreadable_workflow(
    text: str | bytes, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write({'.github/workflows/a.yml': text})
    assert main(['.github/workflows/a.yml']) == 1
    assert 'unreadable-ci-file' in capsys.readouterr().out


def test_paths_that_cannot_be_read(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    root = write({'folder/a.yml': 'kaniko: 1\n'})
    os.mkfifo(root / 'pipe.yml')
    assert main(['missing.yml', 'pipe.yml', 'folder']) == 1
    assert capsys.readouterr().err == (
        'missing.yml: no such file\npipe.yml: is not a regular file\n'
    )


def test_whole_repository(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write({CI: TWO, 'x/a.yml': 'b: c\n'})
    (root / '.git').rmdir()
    monkeypatch.chdir(root)
    assert main([]) == 1
    assert f'{CI}:5:7: ' in capsys.readouterr().out


def test_report_about_two_repositories(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write({CI: TWO, 'module/.git': '', f'module/{CI}': TWO})
    assert main([CI, f'module/{CI}']) == 1
    assert capsys.readouterr().out.count('cached-builds-share-container: job') == 2
    assert main(['--format', 'json', CI, f'module/{CI}']) == 2
    assert 'one repository at a time' in capsys.readouterr().err


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['--explain', 'unreadable-ci-file']) == 0
    assert capsys.readouterr().out.startswith('# `unreadable-ci-file`\n')


SCRIPT = f'{build("shop")}\n{build("mail")}\n'
WORKFLOW = """\
on: [push]
jobs:
  images:
    runs-on: kaniko
    steps:
      - run: ./build.sh
"""


def test_unnamed_workflow_is_not_reported_for_another_file(write: Write) -> None:
    write({'.github/workflows/a.yml': WORKFLOW, 'build.sh': SCRIPT, 'other.sh': 'kaniko\n'})
    assert main(['other.sh']) == 0


@pytest.mark.parametrize('path', (CI, '.github/workflows/a.yml', 'build.sh'))
def test_bytes_that_are_not_utf_8_are_dropped(path: str, write: Write) -> None:
    files = {CI: pipeline('./build.sh'), 'build.sh': SCRIPT, '.github/workflows/a.yml': WORKFLOW}
    write({path: b'# \xe9\n' + files.pop(path).encode(), **files})
    assert main([path]) == 1


def test_advice_names_the_file_of_the_job(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write({CI: pipeline('./build.sh', './build.sh'), 'build.sh': build('shop')})
    assert main(['build.sh']) == 1
    out = capsys.readouterr().out
    assert out.startswith('build.sh:1:1: cached-builds-share-container: ')
    assert out.endswith(f' fix-kaniko-builds {CI}\n')


def test_script_that_cannot_be_read_is_not_followed(write: Write) -> None:
    root = write({CI: pipeline(build('shop'), './pipe')})
    os.mkfifo(root / 'pipe')
    assert main([CI]) == 0


def test_what_gitlab_includes_is_read_as_gitlab_only(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = 'steps:\n' + IMAGE + '  script:\n    - ' + build('shop') + '\n    - ' + build('mail')
    for name in ('part.yml', '.woodpecker.yml'):
        write({CI: f'include: {name}\n', name: steps})
        assert main([name]) == 1
        assert capsys.readouterr().out.count(': job `steps` runs 2 Kaniko builds') == 1


@pytest.mark.parametrize(
    ('path', 'text', 'advice'),
    (
        pytest.param(
            '.github/workflows/a.yml', WORKFLOW, '; use one job per build', id='other system'
        ),
        pytest.param(
            CI,
            pipeline(build('shop'), f'(cd shop; {build("mail")}) &'),
            '; use one job per build',
            id='refused',
        ),
        pytest.param(
            CI,
            pipeline(build('shop'), 'make', build('mail')),
            '; move it into a job of its own, with `needs:`',
            id='other command',
        ),
        pytest.param(
            CI,
            pipeline('TAG=$(date +%s)', f'{build("shop")}:$TAG', f'{build("mail")}:$TAG'),
            ', such as `CI_PIPELINE_ID` or `CI_PIPELINE_CREATED_AT`',
            id='date',
        ),
        pytest.param(
            CI,
            TWO + '  environment: production\n',
            '; use one job per build, without it',
            id='environment',
        ),
        pytest.param(
            CI,
            pipeline(f'{build("shop")} || {build("shop")}'),
            '; build once, with `retry:`',
            id='retry',
        ),
        pytest.param(
            CI,
            pipeline(f'until {build("shop")}; do sleep 5; done'),
            '; build once, with `retry:`',
            id='retry in a loop',
        ),
        pytest.param(
            CI,
            pipeline(
                'retry() { "$@" || "$@"; }', f'retry {build("shop")}', f'retry {build("mail")}'
            ),
            '; use one job per build, with `retry:`',
            id='retry in a function',
        ),
        pytest.param(
            '.github/workflows/a.yml',
            WORKFLOW.replace('./build.sh', f'{build("shop")} || {build("mail")}'),
            '; use one job per build, and let CI repeat it',
            id='retry elsewhere',
        ),
        pytest.param(
            CI,
            pipeline(f'if x; then {build("shop")}; {build("mail")}; fi'),
            '; use one job per build, with `rules:` for its condition',
            id='condition',
        ),
        pytest.param(
            'bitbucket-pipelines.yml',
            'pipelines: {default: [{step: {script: [./build.sh]}}]}\n',
            '; use one step per build',
            id='steps',
        ),
        pytest.param(
            '.github/workflows/a.yml',
            WORKFLOW.replace(
                'run: ./build.sh', f'run: "{build("a")} -d a:2; {build("a")}=a:3 --destination=a:4"'
            ),
            '; pass each tag to one build as a further `--destination`',
            id='tags',
        ),
        pytest.param(
            CI,
            pipeline(f'for tag in latest $CI_COMMIT_SHA; do {build("a")[:-1]}$tag; done'),
            '; pass each tag to one build as a further `--destination`',
            id='tags in a loop',
        ),
        pytest.param(
            CI,
            pipeline(f'for name in a $NAMES; do {build("$name")}; done'),
            ', or list the words in the loop itself, so that it can be split',
            id='images in a loop',
        ),
        pytest.param('x.gitlab-ci.yml', TWO, ' root file with --gitlab-config', id='no pipeline'),
        pytest.param(CI, TWO + '  artifacts: {paths: [x]}\n', '; only with --unsafe', id='unsafe'),
    ),
)
def test_what_to_do_by_hand(
    write: Write, capsys: pytest.CaptureFixture[str], path: str, text: str, advice: str
) -> None:
    write({path: text, 'build.sh': SCRIPT})
    assert main([path]) == 1
    (line,) = (
        shown for shown in capsys.readouterr().out.splitlines() if 'no automatic fix: ' in shown
    )
    assert line.endswith(advice)


def broken(*_: object) -> None:
    raise ZeroDivisionError


def test_internal_error_costs_one_container(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write({CI: TWO})
    monkeypatch.setattr('kaniko_hooks.shell.run.container_run', broken)
    assert main([CI]) == 2
    err = capsys.readouterr().err
    assert f'{CI} (images): internal error: ZeroDivisionError at tests.check_kaniko' in err
    assert 'please report' in err


@pytest.mark.parametrize('name', ('recognise.recognise', 'gitlab.pipelines.read'))
def test_internal_error_costs_one_file(
    name: str, write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write({CI: TWO, '.github/workflows/a.yml': WORKFLOW, 'build.sh': SCRIPT})
    monkeypatch.setattr(f'kaniko_hooks.ci.{name}', broken)
    assert main([CI, '.github/workflows/a.yml']) == 2
    assert 'internal error' in capsys.readouterr().err


@pytest.mark.parametrize('named', (CI, 'a.yml', 'b.yml'))
def test_broken_pipeline_is_reported_for_each_of_its_files(
    named: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        {
            CI: 'include: a.yml\n',
            'a.yml': f'include: b.yml\n{TWO}',
            'b.yml': 'x: [\n',
            'c.yml': 'kaniko: 1\n',
        }
    )
    assert main([named]) == 1
    assert 'b.yml:2:1: unreadable-ci-file: ' in capsys.readouterr().out
    assert main(['c.yml']) == 0


@pytest.mark.parametrize(
    'include',
    (
        'include: {local: k.yml, inputs: {cache: true}}\n',
        'images: {trigger: {include: {local: k.yml, inputs: {cache: true}}}}\n',
    ),
)
def test_file_that_passes_inputs_to_a_job_has_its_finding(
    include: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    build = '/kaniko/executor --cache=$[[ inputs.cache ]] --destination'
    write(
        {
            CI: include,
            'k.yml': 'spec: {inputs: {cache: {default: "false"}}}\n---\n'
            f'build:\n  script:\n    - {build} a\n    - {build} b\n',
        }
    )
    assert main([CI]) == 1
    assert 'k.yml:6:7: cached-builds-share-container' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('spec', 'inputs', 'code'),
    (
        pytest.param('default: "false", options: ["false", "true"]', '{}', 1, id='any option'),
        pytest.param('default: "false", options: ["false"]', '{}', 0, id='one option'),
        pytest.param(
            'default: "true", options: ["false", "true"]', '{cache: "false"}', 0, id='passed'
        ),
    ),
)
@pytest.mark.parametrize('value', ('$[[ inputs.cache ]]', '"$[[ inputs.cache ]]"'))
def test_pipeline_may_be_started_with_any_option_of_an_input(
    spec: str, inputs: str, code: int, value: str, write: Write
) -> None:
    build = '/kaniko/executor --cache="$CACHE" --destination'
    write(
        {
            CI: f'include: {{local: k.yml, inputs: {inputs}}}\n',
            'k.yml': f'spec: {{inputs: {{cache: {{{spec}}}}}}}\n---\n'
            f'build:\n  script:\n    - CACHE={value}\n    - {build} a\n    - {build} b\n',
        }
    )
    assert main([CI]) == code


@pytest.mark.parametrize(
    ('config', 'reason'),
    (
        pytest.param('ci/none.yml', 'there is no such file', id='missing'),
        pytest.param('ci', 'the file is not a regular file', id='folder'),
        pytest.param('../a.yml', 'the file is outside the repository', id='outside'),
    ),
)
def test_gitlab_config_that_is_not_there_is_reported(
    config: str, reason: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write({'a.yml': 'kaniko: 1\n', 'ci/b.yml': ''})
    assert main(['--gitlab-config', config, 'a.yml']) == 1
    assert capsys.readouterr().out.startswith(f'{config}:1:1: unreadable-ci-file: {reason}, so')


def test_file_outside_of_git_and_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('here', 'there'):
        (tmp_path / name).mkdir()
    (tmp_path / 'there' / CI).write_text(TWO)
    monkeypatch.chdir(tmp_path / 'here')
    assert main([f'../there/{CI}']) == 1
