"""Generated repositories; each function writes one below a folder that exists."""

from __future__ import annotations

import subprocess
from pathlib import Path

CI = '.gitlab-ci.yml'
IMAGE = '{name: gcr.io/kaniko-project/executor:debug, entrypoint: [""]}'
LOGIN = (
    r'echo "{\"auths\":{\"${CI_REGISTRY}\":{\"auth\":\"$(printf "%s:%s" "${CI_REGISTRY_USER}"'
    r""" "${CI_REGISTRY_PASSWORD}" | base64 | tr -d '\n')\"}}}" > /kaniko/.docker/config.json"""
)
TEMPLATE = (
    f'.build-image:\n  stage: build\n  image: {IMAGE}\n'
    f'  before_script:\n    - mkdir -p /kaniko/.docker\n    - {LOGIN}\n'
)


def small(root: Path) -> None:
    """Three files: without Kaniko, with a job per image, with a job that builds two images."""
    (root / '.git').mkdir()
    (root / 'values.yml').write_text('service:\n  replicas: 2\n')
    (root / 'good.gitlab-ci.yml').write_text(TEMPLATE + _job('a', 'a') + _job('b', 'b'))
    (root / 'bad.gitlab-ci.yml').write_text(TEMPLATE + _job('images', 'a', 'b'))


def without_kaniko(root: Path) -> None:
    """31 files with 240 jobs: long scripts and `rules:variables`; a comment has the word."""
    (root / '.git').mkdir()
    (root / 'ci').mkdir()
    for part in range(30):
        jobs = range(part * 8, part * 8 + 8)
        (root / f'ci/part{part}.yml').write_text(''.join(map(_long_job, jobs)))
    (root / CI).write_text(
        '# the executor is docker\ninclude:\n'
        + ''.join(f'  - local: ci/part{part}.yml\n' for part in range(30))
        + 'stages: [build]\nvariables: {A: "1", B: "$A/x"}\n'
        + '.base: {image: "node:20", retry: 1}\n.setup:\n  before_script: [apk add git]\n'
        + ''.join(f'.rules-{number}:\n  tags: [x{number}]\n' for number in range(9))
    )


def large(root: Path, violating: int) -> None:
    """10,000 files that have nothing to do with CI, and 50 jobs, some of them violating."""
    for number in range(10_000):
        path = root / f'config/{number // 500}/{number}.yml'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'service: {number}\nsettings:\n' + '  - {name: a, value: "b"}\n' * 20)
    (root / 'ci').mkdir()
    for part in range(10):
        jobs = range(part * 5, part * 5 + 5)
        text = ''.join(
            _job(f'{job}', f'a{job}', *([f'b{job}'] if job < violating else [])) for job in jobs
        )
        (root / f'ci/part{part}.yml').write_text(text)
    include = 'include:\n' + ''.join(f'  - local: ci/part{part}.yml\n' for part in range(10))
    (root / CI).write_text(include + TEMPLATE)
    subprocess.run('git init -q . && git add -A', shell=True, cwd=root, check=True)


def findings(root: Path, jobs: int) -> None:
    """One file in which each of that many jobs is a finding."""
    (root / '.git').mkdir()
    text = ''.join(_job(f'{job}', f'a{job}', f'b{job}') for job in range(jobs))
    (root / CI).write_text(TEMPLATE + text)


def _job(name: str, *images: str) -> str:
    builds = ''.join(
        '    - >-\n      /kaniko/executor\n      --cache=true\n'
        f'      --context "${{CI_PROJECT_DIR}}/{image}"\n'
        f'      --destination "${{CI_REGISTRY_IMAGE}}/{image}:${{CI_COMMIT_SHORT_SHA}}"\n'
        for image in images
    )
    return f'build-{name}:\n  extends:\n    - .build-image\n  script:\n{builds}'


def _long_job(number: int) -> str:
    lines = ''.join(
        f'      echo "step {step}: $SERVICE_{step} ${{CI_COMMIT_SHORT_SHA}} and some more text"\n'
        f'      if [ "$CI_COMMIT_BRANCH" = "main" ] && [ -n "$DEPLOY_{step}" ]; then '
        f'make target-{step} VERSION="$VERSION"; fi\n'
        for step in range(12)
    )
    return f"""\
job-{number}:
  extends: [.base, .rules-{number % 9}]
  stage: build
  variables: {{NAME: "service-{number}", INDEX: "{number}"}}
  before_script:
    - !reference [.setup, before_script]
    - export VERSION=$(cat VERSION)
  script:
    - cd services/{number}
    - |
{lines}    - npm ci && npm test -- --shard={number}
  artifacts:
    paths: [build/{number}/]
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
      variables: {{DEPLOY: "false", LEVEL: "{number % 3}"}}
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      variables: {{DEPLOY: "true", LEVEL: "high"}}
    - when: manual
"""
