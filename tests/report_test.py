"""Reports for machines, and where reports go."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import jsonschema
import pytest

from kaniko_hooks import about
from kaniko_hooks.model import Finding, Place, Result
from kaniko_hooks.options import FORMATS, RULES, Options
from kaniko_hooks.report import deliver, render
from tests.samples import CI, PIPELINE, everything, result_of, text_is

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    'result',
    (
        pytest.param(Result((), ()), id='nothing'),
        pytest.param(result_of(PIPELINE), id='one finding'),
        pytest.param(everything(), id='everything'),
    ),
)
@pytest.mark.parametrize(
    ('name', 'schema'),
    (('json', 'schemas/report.json'), ('sarif', 'tests/schemas/sarif-2.1.0.json')),
)
def test_reports_obey_their_schema(name: str, schema: str, result: Result) -> None:
    rules = json.loads((ROOT / schema).read_text())
    validator = jsonschema.validators.validator_for(rules)
    validator.check_schema(rules)
    report = render(name, result, text_is(PIPELINE))
    assert report.isascii() and report.endswith('}\n')
    validator(rules, format_checker=validator.FORMAT_CHECKER).validate(json.loads(report))


@pytest.mark.parametrize('name', FORMATS)
def test_reports_do_not_depend_on_the_order_of_what_was_found(name: str) -> None:
    result = everything()
    other = Result(result.containers[::-1], result.findings[::-1], result.notes[::-1])
    assert render(name, other, text_is(PIPELINE)) == render(name, result, text_is(PIPELINE))


@pytest.mark.parametrize(
    ('name', 'start'),
    (
        ('text', '.gitlab-ci.yml:5:7: cached-builds-share-container: job `publish`'),
        ('json', '{\n  "version": 1,'),
        ('gitlab', '[\n'),
        ('sarif', '{\n  "$schema"'),
    ),
)
def test_deliver_to_stdout(name: str, start: str, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(result_of(PIPELINE), text_is(PIPELINE), Options(format=name))
    assert capsys.readouterr().out.startswith(start)


def test_deliver_to_a_file_and_text_to_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, result = tmp_path / 'report.json', result_of(PIPELINE)
    options = Options(format='gitlab', output_file=str(path), color='always')
    deliver(result, text_is(PIPELINE), options)
    assert path.read_bytes() == render('gitlab', result, text_is(PIPELINE)).encode()
    assert capsys.readouterr().out == render('text', result, text_is(PIPELINE), color=True)
    options = options._replace(format='text')
    deliver(result, text_is(PIPELINE), options)
    assert path.read_text(encoding='utf-8') == render('text', result, text_is(PIPELINE))


def test_json() -> None:
    report = json.loads(render('json', everything(), text_is(PIPELINE)))
    build = {
        'file': CI,
        'line': 4,
        'column': 7,
        'times': 1,
        'cache': 'on',
        'cleanup': False,
        'destinations': ['r/shop'],
    }
    container = {
        'system': 'gitlab-ci',
        'name': 'publish',
        'file': CI,
        'line': 2,
        'template': False,
        'builds_in_worst_run': 2,
        'verdict': 'cached',
        'builds': [build, {**build, 'line': 5, 'destinations': ['r/mail']}],
    }
    assert report['version'] == 1
    assert report['containers'] == [
        container,
        {
            **container,
            'name': 'images',
            'file': 'z.yml',
            'line': 1,
            'template': True,
            'builds_in_worst_run': 'many',
            'verdict': 'maybe-cached',
            'builds': [
                {**build, 'times': 'many'},
                {
                    **build,
                    'line': 5,
                    'times': 0,
                    'cache': 'off',
                    'cleanup': True,
                    'destinations': [],
                },
            ],
        },
    ]
    assert [
        (finding['file'], finding['line'], finding['column']) for finding in report['findings']
    ] == [(CI, 1, 1), (CI, 4, 7), (CI, 5, 7), ('b c:ü/\udce9.yml', 1, 1)]
    assert report['findings'][2] == {
        'rule': 'cached-builds-share-container',
        'file': CI,
        'line': 5,
        'column': 7,
        'containers': ['publish'],
        'message': result_of(PIPELINE).findings[0].message,
        'fix': 'a job for each image',
        'no_fix': None,
    }
    assert report['notes'] == [
        {'file': CI, 'line': 1, 'message': 'a remote file'},
        {'file': CI, 'line': 2, 'message': 'not visible'},
    ]


def test_the_schema_knows_every_rule() -> None:
    schema = json.loads((ROOT / 'schemas/report.json').read_text())
    assert schema['$defs']['finding']['properties']['rule']['enum'] == list(RULES)


def test_code_quality() -> None:
    report = json.loads(render('gitlab', everything(), text_is(PIPELINE)))
    assert [issue['severity'] for issue in report] == ['minor', 'critical', 'critical', 'major']
    assert len({issue['fingerprint'] for issue in report}) == 4
    assert {key: report[0][key] for key in report[0] if key != 'fingerprint'} == {
        'description': 'bad-suppression: no brackets',
        'check_name': 'bad-suppression',
        'severity': 'minor',
        'location': {'path': CI, 'lines': {'begin': 1}},
    }
    assert json.loads(render('gitlab', Result((), ()), text_is(''))) == []


def prints(*texts: str) -> list[list[str]]:
    """The fingerprints of each pipeline's findings."""
    result = []
    for text in texts:
        report = json.loads(render('gitlab', result_of(text), text_is(text)))
        result.append([issue['fingerprint'] for issue in report])
    return result


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
    other = PIPELINE.replace('publish', 'mirror').replace('r/', 's/')
    [[first], [second], both] = prints(PIPELINE, other, other + PIPELINE)
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
    [issue] = json.loads(render('gitlab', result, text_is(PIPELINE)))
    [first, second] = json.loads(render('gitlab', twice, text_is(PIPELINE)))
    assert first['fingerprint'] == issue['fingerprint'] != second['fingerprint']


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


def test_sarif() -> None:
    log = json.loads(render('sarif', everything(), text_is(PIPELINE)))
    [run] = log['runs']
    driver = run['tool']['driver']
    assert [rule['id'] for rule in driver['rules']] == list(RULES)
    assert '## Measured' in driver['rules'][0]['help']['markdown']
    assert driver['rules'][3]['name'] == 'BadSuppression'
    bad, looped, shared, unreadable = run['results']
    assert shared['ruleId'] == RULES[shared['ruleIndex']] == 'cached-builds-share-container'
    assert shared['level'] == 'error'
    assert shared['locations'][0]['physicalLocation'] == {
        'artifactLocation': {'uri': CI, 'uriBaseId': '%SRCROOT%'},
        'region': {'startLine': 5, 'startColumn': 7},
    }
    assert [
        (location['message']['text'], location['physicalLocation']['region']['startLine'])
        for location in shared['relatedLocations']
    ] == [('container: publish', 2), ('another build of the same container', 4)]
    assert len(looped['relatedLocations']) == 1
    place = unreadable['locations'][0]['physicalLocation']
    assert place['artifactLocation']['uri'] == 'b%20c%3A%C3%BC/%E9.yml'
    assert place['region'] == {'startLine': 1, 'startColumn': 1}
    assert bad['relatedLocations'] == []
    prints = [finding['partialFingerprints']['kanikoHooks/v1'] for finding in run['results']]
    assert prints == [
        issue['fingerprint']
        for issue in json.loads(render('gitlab', everything(), text_is(PIPELINE)))
    ]
    notes = run['invocations'][0]['toolExecutionNotifications']
    assert [note['message']['text'] for note in notes] == ['a remote file', 'not visible']


def test_sarif_and_metadata_have_the_same_version_and_address() -> None:
    log = json.loads(render('sarif', Result((), ()), text_is('')))
    driver = log['runs'][0]['tool']['driver']
    fields = metadata.metadata('kaniko_hooks')
    assert driver['version'] == fields['Version']
    assert f'Source, {driver["informationUri"]}' in (fields.get_all('Project-URL') or ())
    assert driver['rules'][0]['helpUri'] == about.page(RULES[0])


def test_sarif_names_not_more_places_than_github_takes() -> None:
    result = result_of(PIPELINE)
    [finding] = result.findings
    finding = finding._replace(containers=finding.containers * 3000)
    log = json.loads(render('sarif', Result((), (finding,)), text_is(PIPELINE)))
    [shown] = log['runs'][0]['results']
    assert len(shown['relatedLocations']) == 100
