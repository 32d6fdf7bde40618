from __future__ import annotations

import pytest

from kaniko_hooks.ci import recognise
from kaniko_hooks.ci.advice import advice
from kaniko_hooks.document.compose import compose


def _system(path: str, text: str) -> str | None:
    return recognise.system_of(path, compose(text, path))


@pytest.mark.parametrize(
    'path',
    (
        'docker-compose.yml',
        'a.yml',
        '.github/dependabot.yml',
        '.github/workflows/x.sh',
        '.github/workflows/nested/a.yml',
        'charts/values.yaml',
        'jenkins-x.yml',
        'x.gitlab-ci.yml.j2',
        '.circleci/scripts/run.yml',
        'xdrone.yml',
        'sub/.drone.yml',
        '{{name}}/.gitlab-ci.yml',
        'charts/templates/cloudbuild.yaml',
        '{{a}}.gitlab-ci.yml',
    ),
)
def test_a_path_that_says_nothing(path: str) -> None:
    assert recognise.system_by_path(path) is None


@pytest.mark.parametrize(
    ('text'),
    (
        pytest.param('', id='empty'),
        pytest.param('text', id='a scalar'),
        pytest.param('[{image: a, script: b}]', id='a list'),
        pytest.param('{services: {a: {image: x, command: y}}}', id='docker-compose'),
        pytest.param('{version: "2.1", services: {a: {}}, jobs: x}', id='version, no jobs'),
        pytest.param('[{hosts: all, tasks: [{name: a, script: b}]}]', id='ansible'),
        pytest.param('{openapi: 3.0.0, paths: {}}', id='openapi'),
        pytest.param('{apiVersion: v1, kind: ConfigMap, data: {}}', id='configmap'),
        pytest.param('{apiVersion: v1, kind: Secret, data: {}}', id='secret'),
        pytest.param('{apiVersion: skaffold/v4, kind: Config}', id='skaffold'),
        pytest.param('{apiVersion: v1, data: {}}', id='no kind'),
        pytest.param('{apiVersion: latest, kind: Pod}', id='no version of an API'),
        pytest.param('{apiVersion: tekton.dev/v1}', id='tekton without a kind'),
        pytest.param('{kind: pipeline, steps: {a: {}}}', id='not drone'),
        pytest.param('{on: push, jobs: [a]}', id='jobs is a list'),
        pytest.param('{jobs: [{name: a}]}', id='jobs without plans'),
        pytest.param('{jobs: [{name: a, plan: b}]}', id='a plan that is none'),
        pytest.param('{steps: [{name: a, image: b, args: [c]}]}', id='steps with images'),
        pytest.param('{steps: [{name: a, args: [b]}], other: 1}', id='more than a build'),
        pytest.param('{steps: [{name: a}]}', id='steps that say nothing'),
        pytest.param('{steps: []}', id='no steps'),
        pytest.param('{version: "1.0", steps: [a]}', id='not codefresh'),
        pytest.param('{pipelines: {other: []}}', id='not bitbucket'),
        pytest.param('{pipelineConfig: {pipelines: {}}}', id='jenkins x'),
        pytest.param('{runs: {image: x}}', id='runs without using'),
        pytest.param('{replicas: 1, job: {image: a, script: b}}', id='values with a scalar'),
        pytest.param('{job: {enabled: true, image: a, script: b}}', id='values with a key'),
        pytest.param('{job: {image: a, script: b}, resources: {}}', id='values with an empty one'),
        pytest.param('{x-a: {script: b}, services: {c: {}}}', id='docker-compose with a script'),
        pytest.param('{steps: [{name: Set up, script: a}]}', id='steps without images'),
        pytest.param('{a: {stage: b}}', id='no script anywhere'),
        pytest.param('{a: {script: {b: c}}}', id='a script that is a mapping'),
        pytest.param('{spec: a}\n---\n{a: {script: b}}', id='a header that is none'),
        pytest.param('{platform: linux, run: {args: [a]}}', id='a task without path'),
    ),
)
def test_what_is_no_ci_configuration(text: str) -> None:
    assert _system('a.yaml', text) is None


@pytest.mark.parametrize(
    ('path', 'expected'),
    (
        ('values.yaml', None),
        ('charts/a/values-prod.yml', None),
        ('a.values.yaml', None),
        ('compose.yaml', None),
        ('a/docker-compose.override.yml', None),
        ('evalues.yaml', recognise.GITLAB),
        ('values/a.yaml', recognise.GITLAB),
        ('composer.yml', recognise.GITLAB),
        ('compose-files.yml', recognise.GITLAB),
    ),
)
def test_names_of_other_tools_files_are_no_guess(path: str, expected: str | None) -> None:
    assert _system(path, '{a: {script: [b]}}') == expected


@pytest.mark.parametrize(
    'name',
    (
        'ubuntu',
        'gcr.io/cloud-builders/docker',
        'gcr.io/$PROJECT_ID/a:V1',
        'localhost:5000/a:b',
        '"${_REGION}-docker.pkg.dev/${PROJECT_ID}/a/b"',
        'a@sha256:0a',
        "'${_IMAGE:-a}'",
    ),
)
def test_the_step_of_a_cloud_build_is_named_by_its_image(name: str) -> None:
    assert _system('a.yaml', f'{{steps: [{{name: {name}, args: [b]}}]}}') == recognise.CLOUD_BUILD


@pytest.mark.parametrize(
    ('path', 'expected'),
    (
        ('.gitlab-ci.yml', recognise.GITLAB),
        ('sub/.gitlab-ci.yaml', recognise.GITLAB),
        ('ci/build.gitlab-ci.yml', recognise.GITLAB),
        ('.github/workflows/a.yml', recognise.GITHUB),
        ('.forgejo/workflows/a.yaml', recognise.FORGEJO),
        ('.gitea/workflows/a.yaml', recognise.GITEA),
        ('.circleci/config.yml', recognise.CIRCLECI),
        ('cloudbuild.yaml', recognise.CLOUD_BUILD),
        ('cloudbuild-release.yml', recognise.CLOUD_BUILD),
        ('.drone.yml', recognise.DRONE),
        ('.woodpecker.yaml', recognise.WOODPECKER),
        ('.woodpecker/sub/a.yml', recognise.WOODPECKER),
        ('.vela.yml', recognise.VELA),
        ('bitbucket-pipelines.yml', recognise.BITBUCKET),
        ('codefresh.yml', recognise.CODEFRESH),
        ('.codefresh/a.yml', recognise.CODEFRESH),
        ('.prow.yaml', recognise.PROW),
        ('.prow/a.yaml', recognise.PROW),
    ),
)
def test_a_path_decides_whatever_is_in_the_file(path: str, expected: str) -> None:
    assert _system(path, '{apiVersion: v1, kind: Pod}') == expected


@pytest.mark.parametrize(
    ('path', 'text', 'expected'),
    (
        ('sub/.woodpecker.yml', '{a: b}', recognise.WOODPECKER),
        ('a/b/.forgejo/workflows/c.yml', '{a: b}', recognise.FORGEJO),
        ('{{a}}/.gitlab-ci.yml', '{stages: [a]}', recognise.GITLAB),
        ('sub/.drone.yml', '{apiVersion: v1, kind: Pod}', recognise.KUBERNETES),
        ('sub/.drone.yml', '{apiVersion: v1, kind: ConfigMap}', recognise.DRONE),
    ),
)
def test_below_a_folder_the_content_goes_first(path: str, text: str, expected: str) -> None:
    assert _system(path, text) == expected


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('{a: {script: [b]}}', recognise.GITLAB),
        ('{.a: {script: b, image: c}, stages: [d]}', recognise.GITLAB),
        ('{.a: [x], a: {extends: .b}, b: {run: [c]}}', recognise.GITLAB),
        ('{spec: {inputs: {}}}\n---\n{a: {script: [b]}}', recognise.GITLAB),
        ('{on: push, jobs: {}}', recognise.GITHUB),
        ('{"on": push, jobs: {}}', recognise.GITHUB),
        ('{name: a, runs: {using: composite}}', recognise.GITHUB),
        ('{version: 2.1, jobs: {a: {}}}', recognise.CIRCLECI),
        ('{version: 2.1, commands: {a: {}}}', recognise.CIRCLECI),
        ('{steps: [{name: a, args: [b]}], substitutions: {}}', recognise.CLOUD_BUILD),
        ('{apiVersion: tekton.dev/v1, kind: Task}', recognise.TEKTON),
        ('{apiVersion: argoproj.io/v1alpha1, kind: Workflow}', recognise.ARGO),
        ('{apiVersion: shipwright.io/v1beta1, kind: BuildStrategy}', recognise.SHIPWRIGHT),
        ('{apiVersion: batch/v1, kind: Job}', recognise.KUBERNETES),
        (
            '{apiVersion: v1, kind: ConfigMap}\n---\n{apiVersion: v1, kind: Pod}',
            recognise.KUBERNETES,
        ),
        ('{periodics: []}', recognise.PROW),
        ('{kind: pipeline, type: docker, steps: []}', recognise.DRONE),
        ('{pipelines: {default: []}}', recognise.BITBUCKET),
        ('{version: "1.0", steps: {a: {}}}', recognise.CODEFRESH),
        ('{jobs: [{name: a, plan: []}]}', recognise.CONCOURSE),
        ('{platform: linux, run: {path: a}}', recognise.CONCOURSE),
    ),
)
def test_content_decides_where_the_path_does_not(text: str, expected: str) -> None:
    assert _system('ci/a.yaml', text) == expected


def test_every_system_has_its_own_shape_to_aim_for() -> None:
    for system in recognise.SYSTEMS:
        assert advice(system.name).startswith('one ') and advice(system.name).endswith('per build')
        assert advice(system.name) != advice('unknown')
    assert advice('unknown') == 'one container per build'


def test_the_container_of_a_docker_action_is_a_step() -> None:
    assert advice('github-actions', 'jobs.a') == 'one job per build'
    assert advice('github-actions', 'jobs.a.steps[0]') == 'one step per build'
    assert advice('concourse', 'jobs[0].plan[0].config') == 'one task per build'
