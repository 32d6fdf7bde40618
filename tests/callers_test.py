"""A commit that touches only a script is checked with what runs it, in any CI system."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kaniko_hooks.check_kaniko_builds import main
from kaniko_hooks.ci_paths import callers
from tests.conftest import Write

IMAGE = 'gcr.io/kaniko-project/executor:debug'
STEPS = f'steps:\n- name: a\n  image: {IMAGE}\n  commands: [sh build.sh]\n'
CONFIGURATION = {
    '.gitlab-ci.yml': f'a:\n  image: {IMAGE}\n  script: [sh build.sh]\n',
    '.drone.yml': f'kind: pipeline\n{STEPS}',
    '.woodpecker.yml': STEPS,
    '.woodpecker/images.yml': STEPS,
    '.crow/images.yaml': STEPS,
    '.vela.yml': f'version: "1"\n{STEPS}',
    '.vela/images.yml': f'version: "1"\n{STEPS}',
    'bitbucket-pipelines.yml': 'pipelines:\n  default:\n'
    f'  - step: {{image: {IMAGE}, script: [sh build.sh]}}\n',
    'cloudbuild.yaml': f'steps:\n- name: {IMAGE}\n  entrypoint: sh\n  args: [build.sh]\n',
    'codefresh.yml': f'version: "1.0"\nsteps:\n  a: {{image: {IMAGE}, commands: [sh build.sh]}}\n',
    '.codefresh/images.yml': 'version: "1.0"\nsteps:\n'
    f'  a: {{image: {IMAGE}, commands: [sh build.sh]}}\n',
    '.circleci/config.yml': f'version: 2.1\njobs:\n  j:\n    docker: [{{image: {IMAGE}}}]\n'
    '    steps: [checkout, {run: sh build.sh}]\n',
    '.github/workflows/images.yaml': 'on: push\njobs: {j: {steps: [{run: sh build.sh}]}}\n',
    '.gitea/workflows/images.yml': 'on: push\njobs: {j: {steps: [{run: sh build.sh}]}}\n',
    '.tekton/images.yaml': 'apiVersion: tekton.dev/v1\nkind: Task\n'
    f'spec: {{steps: [{{image: {IMAGE}, script: sh build.sh}}]}}\n',
    '.prow.yaml': f'presubmits:\n- name: a\n  spec: {{containers: [{{image: {IMAGE}, '
    'command: [sh, build.sh]}]}\n',
}


@pytest.mark.parametrize('path', CONFIGURATION)
def test_named_script_is_followed_from_unnamed_configuration(
    path: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write({path: CONFIGURATION[path], 'build.sh': '/kaniko/executor --cache -d x\n' * 2})
    assert main(['build.sh']) == 1
    assert 'build.sh:2:1: cached-builds-share-container' in capsys.readouterr().out


def test_nothing_runs_a_pipeline(write: Write) -> None:
    root = write({'.drone.yml': '', '.github/workflows/a.yml': '', '.github/workflows/b.sh': ''})
    assert callers(str(root), ['.gitlab-ci.yml']) == []
    paths = ['.drone.yml', '.github/workflows/a.yml']
    assert callers(str(root), ['b.sh']) == callers(str(root), ['x/action.yml']) == paths


def test_no_folder_outside_of_the_repository(write: Write) -> None:
    root = write({'ci/.tekton/a.yml': '', 'outside/a.yml': ''})
    os.symlink(root / 'outside', root / 'ci' / '.circleci')
    assert callers(str(root / 'ci'), ['b.sh']) == ['.tekton/a.yml']


def test_nothing_in_a_folder_that_cannot_be_listed(tmp_path: Path) -> None:
    assert callers(str(tmp_path / 'missing'), ['b.sh']) == []


def test_a_script_named_by_a_variable_of_another_script(write: Write) -> None:
    root = write(
        {
            '.gitlab-ci.yml': 'a:\n  variables: {LIB: lib.sh}\n  script: [./a.sh]\n',
            'a.sh': '. "./$LIB"\n',
            'lib.sh': '/kaniko/executor --cache -d a\n/kaniko/executor --cache -d b\n',
        }
    )
    assert main(['.gitlab-ci.yml']) == 1
    (root / 'a.sh').unlink()
    os.mkfifo(root / 'a.sh')
    assert main(['.gitlab-ci.yml']) == 0
