"""Whether documents look like a GitLab CI file whose name does not say so.

GitLab refuses unknown keywords, so this asks for a file that it would take:
each visible entry is a global keyword or a mapping of job keywords, and at
least one entry has a script.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.document.fields import Field, fields
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode

# G: lib/gitlab/ci/config/entry/root.rb ALLOWED_KEYS
_GLOBAL = frozenset(
    (
        'default',
        'include',
        'before_script',
        'image',
        'services',
        'after_script',
        'variables',
        'stages',
        'types',
        'cache',
        'workflow',
        'pages',
        'spec',
    )
)
# G: lib/gitlab/ci/config/entry/{job,bridge,processable}.rb ALLOWED_KEYS
_JOB = frozenset(
    (
        'extends',
        'rules',
        'variables',
        'inherit',
        'allow_failure',
        'when',
        'needs',
        'resource_group',
        'environment',
        'stage',
        'trigger',
        'only',
        'except',
        'tags',
        'script',
        'image',
        'services',
        'start_in',
        'artifacts',
        'cache',
        'dependencies',
        'before_script',
        'after_script',
        'hooks',
        'coverage',
        'retry',
        'parallel',
        'timeout',
        'interruptible',
        'id_tokens',
        'secrets',
        'identity',
        'pages',
        'publish',
        'release',
        'dast_configuration',
        'manual_confirmation',
        'run',
        'inputs',
        'type',
        'description',
    )
)
_LISTS = frozenset(('before_script', 'services', 'after_script', 'stages', 'types'))
_SCRIPTS = ('script', 'before_script', 'after_script', 'run')


# What these hold is another tool's, though it may look alike: Helm's values, Compose's `x-…`.
_OF_OTHERS = r'(?:.*[._-])?values[._-].*|(?:docker-compose[._-]|compose\.).*'


def looks_like_gitlab(path: str, documents: Sequence[Node]) -> bool:
    """Whether the documents, in the order of the file at `path`, are one GitLab CI file."""
    if re.fullmatch(_OF_OTHERS, path.rpartition('/')[2], re.IGNORECASE):
        return False
    header = (
        len(documents) > 1
        and isinstance(documents[0], MappingNode)
        and (fields(documents[0]).keys() == {'spec'})
    )
    if header and isinstance(fields(documents[0])['spec'].value, ScalarNode):
        return False
    content = documents[-1] if header else documents[0] if documents else None
    entries = fields(content)
    return any(map(_has_script, entries.values())) and all(
        name in _GLOBAL and _is_global(name, field) or name.startswith('.') or _is_job(field)
        for name, field in entries.items()
    )


def _is_global(name: str, field: Field) -> bool:
    """Whether a global keyword has a value of its kind: `services: {}` is Compose's."""
    return name not in _LISTS or not isinstance(field.value, MappingNode)


def _is_job(field: Field) -> bool:
    """Whether an entry has keywords of jobs only, and some: `resources: {}` is a Helm value."""
    return bool(fields(field.value)) and fields(field.value).keys() <= _JOB


def _has_script(field: Field) -> bool:
    found = fields(field.value)
    return found.keys() <= _JOB and any(
        name in found and not isinstance(found[name].value, MappingNode) for name in _SCRIPTS
    )
