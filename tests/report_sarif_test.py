from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError

import pytest

from kaniko_hooks.model import Result
from kaniko_hooks.options import RULES
from kaniko_hooks.report import render, sarif
from tests.samples import CI, PIPELINE, everything, result_of, text_is


def test_sarif() -> None:
    log = json.loads(render('sarif', everything(), text_is(PIPELINE)))
    [run] = log['runs']
    driver = run['tool']['driver']
    assert [rule['id'] for rule in driver['rules']] == list(RULES)
    assert 'Measured with binaries' in driver['rules'][0]['help']['markdown']
    assert driver['rules'][3]['name'] == 'BadSuppression'
    bad, looped, shared, unreadable = run['results']
    assert shared['ruleId'] == RULES[shared['ruleIndex']] == 'cached-builds-share-container'
    assert shared['level'] == 'error'
    assert shared['locations'][0]['logicalLocations'][0]['name'] == 'publish'
    assert shared['locations'][0]['physicalLocation'] == {
        'artifactLocation': {'uri': CI, 'uriBaseId': '%SRCROOT%'},
        'region': {'startLine': 5, 'startColumn': 7, 'endLine': 5, 'endColumn': 41},
    }
    assert [
        (each['message']['text'], each['physicalLocation']['region']['startLine'])
        for each in shared['relatedLocations']
    ] == [('container: publish', 2), ('another build of the same container', 4)]
    assert [each['id'] for each in looped['relatedLocations']] == [1]
    place = unreadable['locations'][0]['physicalLocation']
    assert place['artifactLocation']['uri'] == 'b%20c%3A%C3%BC/%E9.yml'
    assert place['region'] == {'startLine': 1, 'startColumn': 1}
    assert 'logicalLocations' not in bad['locations'][0]
    prints = [each['partialFingerprints']['kanikoHooks/v1'] for each in run['results']]
    assert prints == [
        each['fingerprint']
        for each in json.loads(render('gitlab', everything(), text_is(PIPELINE)))
    ]
    notes = run['invocations'][0]['toolExecutionNotifications']
    assert [note['message']['text'] for note in notes] == ['a remote file', 'not visible']


@pytest.mark.parametrize('installed', (True, False))
def test_sarif_names_the_version_where_it_is_known(
    installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        if not installed:
            raise PackageNotFoundError(name)
        return '7.8.9'

    monkeypatch.setattr(sarif, 'version', version)
    log = json.loads(render('sarif', Result((), ()), text_is('')))
    assert log['runs'][0]['tool']['driver'].get('version') == ('7.8.9' if installed else None)


def test_sarif_names_not_more_places_than_github_takes() -> None:
    result = result_of(PIPELINE)
    [finding] = result.findings
    finding = finding._replace(containers=finding.containers * 3000)
    log = json.loads(render('sarif', Result((), (finding,)), text_is(PIPELINE)))
    [told] = log['runs'][0]['results']
    assert len(told['relatedLocations']) == 100
    assert len(told['locations'][0]['logicalLocations']) == 100
