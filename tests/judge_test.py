"""The judge agrees with the cases that were judged by hand, and finds what is broken in them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.judge.__main__ import verdict
from tests.judge.scenarios import differences, shell_for

CASES = Path(__file__).parent / 'cases' / 'fix-judged'
# The risks that --unsafe takes, which the judge sees; and a gate that only a comment excuses:
# the second build repeats the stage that the first one tests.
DIFFERENT = {
    '039-manual': 'somebody starts the first manual job',
    '045-coverage': 'usual',
    '087-loop-variable-list': 'the pipeline is started with other values',
    '153-notify-in-after-script': 'usual',
    '173-targets-same-dockerfile': 'usual, and the first build fails once',
    '321-manual-from-referenced-rules': 'somebody starts the first manual job',
    '341-git-tag-push-in-before': 'usual',
    '359-cache-of-digests': 'usual',
    '373-allow-failure-in-rules-chain': 'a branch, and the first build fails',
    '417-manual-anchor-rules': 'somebody starts the first manual job',
    '419-manual-alias-rule': 'somebody starts the first manual job',
}
NEEDS = re.compile(r'\n  needs:\n    - build-[\w-]+(?=\n  script)')
pytestmark = pytest.mark.slow


def rewrites() -> Iterator[tuple[Path, Path]]:
    for folder in sorted(CASES.iterdir()):
        for kind in ('after', 'after-unsafe', 'better'):
            if (folder / kind).is_dir():
                yield folder / 'before', folder / kind


def name_of(value: object) -> str:
    return value[1].parent.name + '-' + value[1].name if isinstance(value, tuple) else str(value)


def chained() -> list[tuple[Path, Path]]:
    return [
        (before, after)
        for before, after in rewrites()
        if after.name == 'after' and NEEDS.search((after / '.gitlab-ci.yml').read_text())
    ]


@pytest.mark.parametrize(('number', 'pair'), list(enumerate(rewrites())), ids=name_of)
def test_a_right_rewrite_does_the_same(number: int, pair: tuple[Path, Path]) -> None:
    before, after = pair
    result = differences(before, after, shell_for(number))
    expected = DIFFERENT.get(before.parent.name)
    assert expected in result if expected else result == {}


@pytest.mark.parametrize('pair', chained(), ids=lambda pair: pair[0].parent.name)
def test_a_chain_without_its_needs_differs(pair: tuple[Path, Path], tmp_path: Path) -> None:
    before, after = pair
    shutil.copytree(after, tmp_path, dirs_exist_ok=True)
    file = tmp_path / '.gitlab-ci.yml'
    file.write_text(NEEDS.sub('', file.read_text()))
    assert differences(before, tmp_path)


@pytest.mark.parametrize('seed', range(12))
def test_a_generated_pipeline_is_rewritten_rightly_or_not_at_all(seed: int) -> None:
    assert verdict(seed).kind in ('same', 'refused', 'no finding')
