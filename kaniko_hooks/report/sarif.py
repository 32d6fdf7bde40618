"""`--format sarif`: a SARIF 2.1.0 log as GitHub's code scanning and others read it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import os
from urllib.parse import quote

from kaniko_hooks.about import ADDRESS, VERSION, explain, page, summary
from kaniko_hooks.lines import TextOf, where
from kaniko_hooks.model import Finding, Note, Place, Result
from kaniko_hooks.options import RULES
from kaniko_hooks.report.code_quality import fingerprints

_SCHEMA = (
    'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'
)
# More than a thousand are refused by GitHub, and nobody looks at a hundred.
_LOCATIONS = 100

Object = dict[str, object]


def render(result: Result, text_of: TextOf) -> Object:
    """One log with one run."""
    run = {
        'tool': {
            'driver': {
                'name': 'kaniko-hooks',
                'version': VERSION,
                'informationUri': ADDRESS,
                'rules': list(map(_rule, RULES)),
            }
        },
        'columnKind': 'unicodeCodePoints',
        'invocations': [
            {
                'executionSuccessful': True,
                'toolExecutionNotifications': [_note(note, text_of) for note in result.notes],
            }
        ],
        'results': [
            _result(finding, fingerprint, text_of)
            for finding, fingerprint in zip(result.findings, fingerprints(result.findings))
        ],
    }
    return {'$schema': _SCHEMA, 'version': '2.1.0', 'runs': [run]}


def _rule(rule: str) -> Object:
    text = explain(rule)
    return {
        'id': rule,
        'name': ''.join(map(str.capitalize, rule.split('-'))),
        'shortDescription': {'text': summary(rule)},
        'help': {'text': text, 'markdown': text},
        'helpUri': page(rule),
        'defaultConfiguration': {'level': 'error'},
    }


def _note(note: Note, text_of: TextOf) -> Object:
    return {
        'level': 'note',
        'message': {'text': note.message},
        'locations': [{'physicalLocation': _physical(note.place, text_of)}],
    }


def _result(finding: Finding, fingerprint: str, text_of: TextOf) -> Object:
    builds = [execution.build for execution in finding.run.executed] if finding.run else []
    related = [
        (container.place, f'container: {container.name}')
        for container in finding.containers[:_LOCATIONS]
    ] + [
        (build.place, 'another build of the same container')
        for build in builds
        if build.place != finding.place
    ]
    return {
        'ruleId': finding.rule,
        'ruleIndex': RULES.index(finding.rule),
        'level': 'error',
        'message': {'text': finding.message},
        'locations': [{'physicalLocation': _physical(finding.place, text_of)}],
        'relatedLocations': [
            {'physicalLocation': _physical(place, text_of), 'message': {'text': text}}
            for place, text in related[:_LOCATIONS]
        ],
        'partialFingerprints': {
            'kanikoHooks/v1': fingerprint,
            # The only one that GitHub looks at; without it, it hashes the lines around.
            'primaryLocationLineHash': f'{fingerprint[:16]}:1',
        },
    }


def _physical(place: Place, text_of: TextOf) -> Object:
    line, column = where(place, text_of)
    return {
        'artifactLocation': {'uri': quote(os.fsencode(place.file)), 'uriBaseId': '%SRCROOT%'},
        'region': {'startLine': line, 'startColumn': column},
    }
