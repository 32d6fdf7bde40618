from __future__ import annotations

from pathlib import Path

import pytest

from kaniko_hooks.analysis import analyse
from kaniko_hooks.options import Options
from kaniko_hooks.repository import Repository
from tests.gitlab_read import written

FILES = {
    '.gitlab-ci.yml': 'include: ci/*.yml\nbuild-images:\n  extends: .kaniko\n',
    'ci/template.yml': (
        '.kaniko:\n  image: {name: gcr.io/kaniko-project/executor:debug, entrypoint: [""]}\n'
        '  script:\n    - !reference [.commands, script]\n'
    ),
    'ci/builds.yml': (
        '.commands:\n  script:\n'
        '    - /kaniko/executor --cache=true --destination r/a\n'
        '    - /kaniko/executor --cache=true --destination r/b\n'
    ),
    'ci/other.yml': 'other:\n  script: [make]\n',
}


def found(folder: Path, *named: str) -> list[tuple[str, str, int, list[str]]]:
    analysis = analyse(Repository(str(written(folder, FILES))), named, Options())
    assert analysis.crashes == ()
    return [
        (
            each.rule,
            each.place.file,
            each.place.offset,
            [container.name for container in each.containers],
        )
        for each in analysis.result.findings
    ]


def test_a_file_that_has_nothing_to_do_with_it(tmp_path: Path) -> None:
    assert found(tmp_path, 'ci/other.yml') == []


@pytest.mark.parametrize('named', [name for name in FILES if name != 'ci/other.yml'])
def test_each_of_the_three_files_shows_the_violation_once(tmp_path: Path, named: str) -> None:
    second = FILES['ci/builds.yml'].rindex('/kaniko')
    expected = [('cached-builds-share-container', 'ci/builds.yml', second, ['build-images'])]
    assert found(tmp_path, named) == expected
    assert found(tmp_path, *FILES) == expected
