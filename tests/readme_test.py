"""The README: short, and its command for the tests is what CI runs."""

from __future__ import annotations

import yaml

from tests.documents import ROOT, blocks

README = (ROOT / 'README.md').read_text()


def test_readme_is_short() -> None:
    assert README.count('\n') <= 200


def test_every_hook_has_a_section() -> None:
    for hook in yaml.safe_load((ROOT / '.pre-commit-hooks.yaml').read_text()):
        assert f'\n### `{hook["id"]}`\n' in README


def test_ci_runs_the_test_command() -> None:
    command = next(
        block.text.strip()
        for block in blocks()
        if block.document == 'README.md' and block.kind == 'sh' and '.[test]' in block.text
    )
    assert command in (ROOT / '.ci/run').read_text().splitlines()
