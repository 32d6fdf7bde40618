"""Generates repositories of a given size, for measuring how time grows with it."""

from __future__ import annotations

import subprocess
from pathlib import Path

BUILD = '/kaniko/executor --cache=true --context {0} --destination "$CI_REGISTRY_IMAGE/{0}:1"'
IMAGE = 'gcr.io/kaniko-project/executor:v1.24.0-debug'


def write_repository(folder: Path, files: int, jobs: int, includes: int = 150) -> None:
    """A git repository of YAML files, 1 in 100 with Kaniko, and one root pipeline.

    The pipeline's jobs stand in its included files and all extend one template.
    """
    for number in range(files):
        name = folder / f'config/{number // 500}/file{number}.yml'
        name.parent.mkdir(parents=True, exist_ok=True)
        name.write_text(_kaniko_file(number) if number % 100 == 0 else _plain_file(number))
    _write_pipeline(folder, jobs, includes)
    subprocess.run(('git', 'init', '-q'), cwd=folder, check=True)
    subprocess.run(('git', 'add', '-A'), cwd=folder, check=True)


def _plain_file(number: int) -> str:
    entries = ''.join(
        f'  - name: setting-{number}-{entry}\n    value: "{entry * number}"\n    on: true\n'
        for entry in range(20)
    )
    return f'service: {number}\nsettings:\n{entries}'


def _kaniko_file(number: int) -> str:
    return (
        'apiVersion: batch/v1\nkind: Job\nmetadata:\n'
        f'  name: image-{number}\nspec:\n  template:\n    spec:\n      containers:\n'
        f'        - name: kaniko\n          image: {IMAGE}\n'
        f'          args: [--cache=true, --destination=registry.test/{number}:1]\n'
    )


def _write_pipeline(folder: Path, jobs: int, includes: int) -> None:
    names = [f'ci/part{number}.yml' for number in range(includes)]
    (folder / 'ci').mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        own = range(number, jobs, includes)
        (folder / name).write_text(''.join(_job(job) for job in own) or '.unused: {}\n')
    (folder / '.gitlab-ci.yml').write_text(
        'include:\n'
        + ''.join(f'  - local: {name}\n' for name in names)
        + f'.image:\n  image:\n    name: {IMAGE}\n    entrypoint: [""]\n'
        '  before_script:\n    - mkdir -p /kaniko/.docker\n'
    )


def _job(number: int) -> str:
    return (
        f'image-{number}:\n  extends: .image\n  script:\n    - cd services/{number}\n'
        f'    - {BUILD.format(f"service-{number}")}\n'
    )
