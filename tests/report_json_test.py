from __future__ import annotations

import json
from pathlib import Path

from kaniko_hooks.model import Container, Place, Result
from kaniko_hooks.options import RULES
from kaniko_hooks.report import render
from tests.samples import CI, PIPELINE, everything, result_of, text_is

ROOT = Path(__file__).parent.parent


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
    assert [(each['file'], each['line'], each['column']) for each in report['findings']] == [
        (CI, 1, 1),
        (CI, 4, 7),
        (CI, 5, 7),
        ('b c:ü/\udce9.yml', 1, 1),
    ]
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


def test_a_container_may_be_listed_that_has_no_finding() -> None:
    container = Container('tekton', 'spec.steps[0]', Place('t.yml', 0), None, ())
    run = result_of(PIPELINE).containers[0][1]._replace(builds_in_worst_run=1, verdict='ok')
    report = json.loads(render('json', Result(((container, run),), ()), text_is(PIPELINE)))
    assert [each['verdict'] for each in report['containers']] == ['ok']


def test_the_schema_knows_every_rule() -> None:
    schema = json.loads((ROOT / 'schemas/report.json').read_text())
    assert schema['$defs']['finding']['properties']['rule']['enum'] == list(RULES)
