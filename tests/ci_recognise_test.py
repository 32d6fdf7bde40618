from __future__ import annotations

import pytest

from kaniko_hooks.advice import noun
from kaniko_hooks.ci.recognise import system_of
from kaniko_hooks.ci_paths import may_be_ci, system_at
from kaniko_hooks.document.compose import compose
from kaniko_hooks.model import Container, Place
from tests.golden.record import checked


def system(path: str, text: str) -> str | None:
    row = system_of(path, compose(text, path))
    return row.name if row else None


@pytest.mark.parametrize(
    ('path', 'may_be'),
    (
        ('docker-compose.yml', False),
        ('a.yml', False),
        ('.github/dependabot.yml', False),
        ('.github/workflows/x.sh', True),
        ('.github/workflows/nested/a.yml', True),
        ('charts/values.yaml', False),
        ('jenkins-x.yml', False),
        ('x.gitlab-ci.yml.j2', True),
        ('.circleci/scripts/run.yml', True),
        ('xdrone.yml', False),
        ('sub/.drone.yml', True),
        ('{{name}}/.gitlab-ci.yml', True),
        ('charts/templates/cloudbuild.yaml', True),
        ('{{a}}.gitlab-ci.yml', True),
        ('a/action.yml', True),
        ('.tekton/a.yml', True),
    ),
)
def test_a_path_that_does_not_decide(path: str, may_be: bool) -> None:
    assert system_at(path) is None
    assert may_be_ci(f'/{path}') is may_be


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
        pytest.param('{platform: linux, run: {args: [a]}}', id='a task without path'),
    ),
)
def test_what_is_no_ci_configuration(text: str) -> None:
    assert system('a.yaml', text) is None


@pytest.mark.parametrize(
    ('path', 'expected'),
    (
        ('values.yaml', None),
        ('charts/a/values-prod.yml', None),
        ('a.values.yaml', None),
        ('compose.yaml', None),
        ('a/docker-compose.override.yml', None),
        ('evalues.yaml', 'gitlab-ci'),
        ('values/a.yaml', 'gitlab-ci'),
        ('composer.yml', 'gitlab-ci'),
        ('compose-files.yml', 'gitlab-ci'),
    ),
)
def test_names_of_other_tools_files_are_no_guess(path: str, expected: str | None) -> None:
    assert system(path, '{a: {script: [b]}}') == expected


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
    assert system('a.yaml', f'{{steps: [{{name: {name}, args: [b]}}]}}') == 'cloud-build'


@pytest.mark.parametrize(
    ('path', 'expected'),
    (
        ('.gitlab-ci.yml', 'gitlab-ci'),
        ('sub/.gitlab-ci.yaml', 'gitlab-ci'),
        ('ci/build.gitlab-ci.yml', 'gitlab-ci'),
        ('.github/workflows/a.yml', 'github-actions'),
        ('.forgejo/workflows/a.yaml', 'forgejo-actions'),
        ('.gitea/workflows/a.yaml', 'gitea-actions'),
        ('.circleci/config.yml', 'circleci'),
        ('cloudbuild.yaml', 'cloud-build'),
        ('cloudbuild-release.yml', 'cloud-build'),
        ('.drone.yml', 'drone'),
        ('.woodpecker.yaml', 'woodpecker'),
        ('.woodpecker/sub/a.yml', 'woodpecker'),
        ('.crow/a.yaml', 'crow'),
        ('.vela.yml', 'vela'),
        ('bitbucket-pipelines.yml', 'bitbucket-pipelines'),
        ('codefresh.yml', 'codefresh'),
        ('.codefresh/a.yml', 'codefresh'),
        ('.prow.yaml', 'prow'),
        ('.prow/a.yaml', 'prow'),
    ),
)
def test_a_path_decides_whatever_is_in_the_file(path: str, expected: str) -> None:
    assert system(path, '{apiVersion: v1, kind: Pod}') == expected


@pytest.mark.parametrize(
    ('path', 'text', 'expected'),
    (
        ('sub/.woodpecker.yml', '{a: b}', 'woodpecker'),
        ('a/b/.forgejo/workflows/c.yml', '{a: b}', 'forgejo-actions'),
        ('{{a}}/.gitlab-ci.yml', '{stages: [a]}', 'gitlab-ci'),
        ('sub/.drone.yml', '{apiVersion: v1, kind: Pod}', 'kubernetes'),
        ('sub/.drone.yml', '{apiVersion: v1, kind: ConfigMap}', 'drone'),
    ),
)
def test_below_a_folder_the_content_goes_first(path: str, text: str, expected: str) -> None:
    assert system(path, text) == expected


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('{a: {script: [b]}}', 'gitlab-ci'),
        ('{.a: {script: b, image: c}, stages: [d]}', 'gitlab-ci'),
        ('{.a: [x], a: {extends: .b}, b: {run: [c]}}', 'gitlab-ci'),
        ('{spec: {inputs: {}}}\n---\n{a: {script: [b]}}', 'gitlab-ci'),
        ('{on: push, jobs: {}}', 'github-actions'),
        ('{"on": push, jobs: {}}', 'github-actions'),
        ('{name: a, runs: {using: composite}}', 'github-actions'),
        ('{version: 2.1, jobs: {a: {}}}', 'circleci'),
        ('{version: 2.1, commands: {a: {}}}', 'circleci'),
        ('{steps: [{name: a, args: [b]}], substitutions: {}}', 'cloud-build'),
        ('{apiVersion: tekton.dev/v1, kind: Task}', 'tekton'),
        ('{apiVersion: argoproj.io/v1alpha1, kind: Workflow}', 'argo-workflows'),
        ('{apiVersion: shipwright.io/v1beta1, kind: BuildStrategy}', 'shipwright'),
        ('{apiVersion: batch/v1, kind: Job}', 'kubernetes'),
        ('{apiVersion: v1, kind: ConfigMap}\n---\n{apiVersion: v1, kind: Pod}', 'kubernetes'),
        ('{periodics: []}', 'prow'),
        ('{kind: pipeline, type: docker, steps: []}', 'drone'),
        ('{pipelines: {default: []}}', 'bitbucket-pipelines'),
        ('{version: "1.0", steps: {a: {}}}', 'codefresh'),
        ('{jobs: [{name: a, plan: []}]}', 'concourse'),
        ('{platform: linux, run: {path: a}}', 'concourse'),
    ),
)
def test_content_decides_where_the_path_does_not(text: str, expected: str) -> None:
    assert system('ci/a.yaml', text) == expected


BROKEN = 'steps: [\n'


@pytest.mark.parametrize(
    ('path', 'text', 'is_reported'),
    (
        ('.vela.yml', BROKEN, True),
        ('.vela/template.yml', f'metadata:\n  template: true\n{BROKEN}', False),
        ('.vela/template.yml', f'metadata: {{template: true}}\n{BROKEN}', False),
        ('.woodpecker/a.yml', f'{{{{ range $x := .Values.y }}}}\n{BROKEN}', False),
        ('.drone.yml', f'{{%- if x %}}\n{BROKEN}', False),
        ('skeleton/.gitlab-ci.yml', f'{{%- if x %}}\n{BROKEN}', False),
        ('.gitlab-ci.yml', f'{{%- if x %}}\n{BROKEN}', True),
        ('.github/workflows/a.yml', f'# ${{{{ if }}}}\n{BROKEN}', True),
        ('charts/templates/a.yml', BROKEN, False),
    ),
)
def test_a_template_is_no_unreadable_file(path: str, text: str, is_reported: bool) -> None:
    record = checked({path: f'a: kaniko\n{text}'.encode()}, named=[path])
    rules = [rule for rule, _ in record['findings']]
    assert rules == (['unreadable-ci-file'] if is_reported else [])


def test_an_unreadable_file_is_reported_where_its_path_says_ci() -> None:
    for path, expected in (('.drone.yml', ['unreadable-ci-file']), ('a.yml', [])):
        record = checked({path: 'kaniko'.encode('utf-16')}, named=[path])
        assert [rule for rule, _ in record['findings']] == expected


def test_the_word_for_a_container() -> None:
    container = Container('concourse', 'jobs[0].plan[0].config', Place('a.yml', 0), None)
    assert noun(container) == 'task'
    job = container._replace(system='github-actions', name='jobs.a')
    assert [noun(job), noun(job._replace(name='jobs.a.steps[0]'))] == ['job', 'step']
