from __future__ import annotations

import json
import os

import pytest

from kaniko_hooks import about, check_kaniko_builds
from kaniko_hooks.document.compose import compose
from kaniko_hooks.options import RULES
from tests.conftest import Write
from tests.samples import CI


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    folder = os.path.join(os.path.dirname(about.__file__), 'rules')
    assert sorted(os.listdir(folder)) == sorted(f'{rule}.md' for rule in RULES)


def examples(rule: str) -> list[str]:
    return [part.removeprefix('yaml\n') for part in about.explain(rule).split('```')[1::2]]


@pytest.mark.parametrize('rule', RULES)
def test_a_page_has_a_bad_and_a_good_example_that_are_yaml(rule: str) -> None:
    text = about.explain(rule)
    assert text.startswith(f'# `{rule}`\n\n')
    assert text.endswith('\n') and not text.endswith('\n\n')
    parts = text.split('```')
    assert len(examples(rule)) == 2
    assert [part.split()[-1] for part in parts[0:1]] == ['Bad:']
    assert '\nGood' in parts[2]
    assert all(len(compose(example, 'example')) == 1 for example in examples(rule))


@pytest.mark.parametrize('rule', RULES)
def test_the_summary_is_the_first_paragraph_in_one_line(rule: str) -> None:
    summary = about.summary(rule)
    assert '\n' not in summary and summary.endswith(('.', 'strict`.'))
    assert summary.split('.')[0] in about.explain(rule).replace('\n', ' ')


@pytest.mark.parametrize('rule', RULES)
def test_the_bad_example_is_found_and_the_good_one_is_not(
    rule: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = examples(rule)
    write({CI: bad})
    assert check_kaniko_builds.main(['--strict', '--format', 'json', CI]) == 1
    assert rule in [finding['rule'] for finding in json.loads(capsys.readouterr().out)['findings']]
    write({CI: good})
    assert check_kaniko_builds.main(['--strict', CI]) == 0


@pytest.mark.parametrize('rule', RULES[:2])
def test_the_comment_on_the_page_of_a_rule_silences_its_example(rule: str, write: Write) -> None:
    comment = next(part for part in about.explain(rule).split('`') if part.startswith('# kaniko'))
    write({CI: f'{comment}\n{examples(rule)[0]}'})
    assert check_kaniko_builds.main(['--strict', CI]) == 0
