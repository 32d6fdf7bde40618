"""`--format gitlab`: a Code Quality report as GitLab reads it.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json

from kaniko_hooks.lines import TextOf, where
from kaniko_hooks.model import Result
from kaniko_hooks.report.fingerprint import fingerprints

_SEVERITY = {
    'cached-builds-share-container': 'critical',
    'bad-suppression': 'minor',
    'unused-suppression': 'minor',
}


def render(result: Result, text_of: TextOf) -> str:
    """One JSON array in ASCII, empty without findings."""
    findings = result.findings
    return (
        json.dumps(
            [
                {
                    # GitLab does not show check_name, so the text has to name the rule.
                    'description': f'{finding.rule}: {finding.message}',
                    'check_name': finding.rule,
                    'fingerprint': fingerprint,
                    'severity': _SEVERITY.get(finding.rule, 'major'),
                    'location': {
                        'path': finding.place.file,
                        'lines': {'begin': where(finding.place, text_of)[0]},
                    },
                }
                for finding, fingerprint in zip(findings, fingerprints(findings))
            ],
            indent=2,
        )
        + '\n'
    )
