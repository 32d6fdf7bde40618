from __future__ import annotations

import io
import json
import os
from pathlib import Path

import jsonschema
import pytest

from kaniko_hooks.lines import TextOf
from kaniko_hooks.model import Finding, Place, Result
from kaniko_hooks.options import FORMATS, Options
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
        ('text', '.gitlab-ci.yml:5:7: cached-builds-share-container: job publish'),
        ('json', '{\n  "version": 1,'),
        ('gitlab', '[\n'),
        ('sarif', '{\n  "$schema"'),
    ),
)
def test_deliver_to_stdout(name: str, start: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert deliver(result_of(PIPELINE), text_is(PIPELINE), Options(format=name)) == 0
    out, err = capsys.readouterr()
    assert out.startswith(start)
    assert err == '1 finding in 1 file, 1 container with Kaniko builds\n'


def test_deliver_to_a_file_and_text_to_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, result = tmp_path / 'report.json', result_of(PIPELINE)
    options = Options(format='gitlab', output_file=str(path), color='always')
    assert deliver(result, text_is(PIPELINE), options) == 0
    assert path.read_bytes() == render('gitlab', result, text_is(PIPELINE)).encode()
    assert capsys.readouterr().out == render('text', result, text_is(PIPELINE), True)
    options = options._replace(format='text')
    assert deliver(result, text_is(PIPELINE), options) == 0
    assert path.read_text(encoding='utf-8') == render('text', result, text_is(PIPELINE))


def test_deliver_says_when_a_file_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'no such\x1b folder' / 'report'
    options = Options(format='json', output_file=str(path))
    assert deliver(Result((), ()), text_is(''), options) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert err.splitlines() == [
        f'{tmp_path}{os.sep}no such\\x1b folder{os.sep}report: cannot be written: '
        'no such file or directory',
        'no findings, 0 containers with Kaniko builds',
    ]


def test_deliver_escapes_what_the_terminal_cannot_show(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    stdout = io.TextIOWrapper(written, encoding='ascii')
    monkeypatch.setattr('sys.stdout', stdout)
    finding = Finding('bad-suppression', Place(CI, 0), 'x')
    text_of: TextOf = text_is(PIPELINE)
    assert deliver(Result((), (finding,)), text_of, Options()) == 0
    assert b'  1 | # \\u6f22\\u5b57\n' in written.getvalue()
