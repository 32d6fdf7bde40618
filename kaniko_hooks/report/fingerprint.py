"""Fingerprints: names of findings that survive changes elsewhere.

They depend on the rule, the file, the container and the commands, not on lines, the
working directory or other findings. Findings that are equal in all of that are counted.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence

from kaniko_hooks.model import Finding

_INDEX = re.compile(r'\[\d+\]')
_NUMBER = re.compile(r'\d+')


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """A fingerprint for each finding, in hexadecimal; all are different."""
    seen: Counter[str] = Counter()
    prints = []
    for finding in findings:
        identity = json.dumps(_identity(finding))
        seen[identity] += 1
        prints.append(hashlib.sha256(f'{identity} {seen[identity]}'.encode()).hexdigest())
    return prints


def _identity(finding: Finding) -> list[object]:
    if finding.run is None:
        # A message may name a line, and there is no command.
        return [finding.rule, finding.place.file, _NUMBER.sub('0', finding.message)]
    commands = {
        ' '.join(field.text.value for field in execution.build.argv)
        for execution in finding.run.executed
    }
    containers = sorted(
        # Where a step stands among the others says nothing about it.
        (container.system, container.place.file, _INDEX.sub('[]', container.name))
        for container in finding.containers
    )
    return [finding.rule, finding.place.file, *containers[:1], sorted(commands)]
