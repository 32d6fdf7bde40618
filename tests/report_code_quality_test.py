from __future__ import annotations

import json

import pytest

from kaniko_hooks.model import Finding, Place, Result
from kaniko_hooks.report import render
from tests.samples import CI, OTHER, PIPELINE, everything, result_of, text_is


def test_code_quality() -> None:
    report = json.loads(render('gitlab', everything(), text_is(PIPELINE)))
    assert [each['severity'] for each in report] == ['minor', 'critical', 'critical', 'major']
    assert len({each['fingerprint'] for each in report}) == 4
    assert {key: report[0][key] for key in report[0] if key != 'fingerprint'} == {
        'description': 'bad-suppression: no brackets',
        'check_name': 'bad-suppression',
        'severity': 'minor',
        'location': {'path': CI, 'lines': {'begin': 1}},
    }
    assert json.loads(render('gitlab', Result((), ()), text_is(''))) == []


def prints(*texts: str) -> list[list[str]]:
    """The fingerprints of each pipeline's findings."""
    made = []
    for text in texts:
        report = json.loads(render('gitlab', result_of(text), text_is(text)))
        made.append([each['fingerprint'] for each in report])
    return made


@pytest.mark.parametrize(
    'text',
    (
        pytest.param('# a comment\n\n' + PIPELINE, id='lines moved'),
        pytest.param(PIPELINE.replace('    -', '        -'), id='columns moved'),
        pytest.param(PIPELINE.replace('\n', '\r\n'), id='line ends'),
        pytest.param(PIPELINE.replace('    - /', '    - >-\n      /'), id='written another way'),
        pytest.param(PIPELINE.replace(' --cache', '   --cache'), id='white space'),
        pytest.param(
            PIPELINE.replace('shop', 'x').replace('mail', 'shop').replace('/x', '/mail'),
            id='builds in another order',
        ),
    ),
)
def test_a_fingerprint_stays_while_other_things_change(text: str) -> None:
    [[before], [after]] = prints(PIPELINE, text)
    assert before == after


def test_a_fingerprint_does_not_depend_on_other_findings() -> None:
    [[first], [second], both] = prints(PIPELINE, OTHER, OTHER + PIPELINE)
    assert both == [second, first]


@pytest.mark.parametrize(
    'text',
    (
        pytest.param(PIPELINE.replace('publish', 'deploy'), id='job'),
        pytest.param(PIPELINE.replace('shop', 'store'), id='command'),
    ),
)
def test_a_fingerprint_is_about_job_and_commands(text: str) -> None:
    [before, after] = prints(PIPELINE, text)
    assert before != after


def test_findings_alike_are_counted() -> None:
    result = result_of(PIPELINE)
    twice = result._replace(findings=result.findings * 2)
    [one] = json.loads(render('gitlab', result, text_is(PIPELINE)))
    [first, second] = json.loads(render('gitlab', twice, text_is(PIPELINE)))
    assert first['fingerprint'] == one['fingerprint'] != second['fingerprint']


def test_where_a_step_stands_among_others_is_not_in_the_fingerprint() -> None:
    def named(name: str) -> str:
        result = result_of(PIPELINE)
        container = result.containers[0][0]._replace(name=name)
        finding = result.findings[0]._replace(containers=(container,))
        return render('gitlab', Result((), (finding,)), text_is(PIPELINE))

    assert named('spec.steps[3]') == named('spec.steps[11]') != named('spec.sidecars[3]')


def test_a_message_may_name_another_line() -> None:
    def at(line: int) -> str:
        finding = Finding('unreadable-ci-file', Place(CI, 0), f'not YAML at line {line}')
        [only] = json.loads(render('gitlab', Result((), (finding,)), text_is('')))
        fingerprint: str = only['fingerprint']
        return fingerprint

    assert at(3) == at(14)
