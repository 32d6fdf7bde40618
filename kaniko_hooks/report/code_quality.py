"""`--format gitlab`: a Code Quality report as GitLab reads it.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format

Fingerprints are names of findings that survive changes elsewhere: they depend on the
rule, the file, the container and the commands, not on lines or other findings.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence

from kaniko_hooks.lines import TextOf, where
from kaniko_hooks.model import Finding, Result

_SEVERITY = {
    'cached-builds-share-container': 'critical',
    'bad-suppression': 'minor',
    'unused-suppression': 'minor',
}


def render(result: Result, text_of: TextOf) -> list[dict[str, object]]:
    """One array, empty without findings."""
    return [
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
        for finding, fingerprint in zip(result.findings, fingerprints(result.findings))
    ]


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """A fingerprint for each finding, in hexadecimal; equal findings are counted."""
    counts: Counter[str] = Counter()
    prints = []
    for finding in findings:
        identity = json.dumps(_identity(finding))
        counts[identity] += 1
        prints.append(hashlib.sha256(f'{identity} {counts[identity]}'.encode()).hexdigest())
    return prints


def _identity(finding: Finding) -> list[str]:
    executed = finding.run.executed if finding.run else ()
    commands = {
        ' '.join(field.text.value for field in execution.build.argv) for execution in executed
    }
    # The number of a step or of a line changes with what stands before it.
    name = min((container.name for container in finding.containers), default=finding.message)
    return [finding.rule, finding.place.file, re.sub(r'\d+', '0', name), *sorted(commands)]
