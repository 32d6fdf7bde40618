"""Which CI system a YAML file belongs to: by its path, then by its content.

To add a system, add a row to SYSTEMS. The first row whose path fits decides,
else the first whose content fits, else the first whose path fits below some
folder; a file that fits none is not CI configuration and nothing is ever said
about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kaniko_hooks.ci import gitlab_shape
from kaniko_hooks.document.fields import fields, value_of
from kaniko_hooks.document.nodes import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    items_of,
    text_of,
)
from kaniko_hooks.named_tuple import NamedTuple

GITLAB = 'gitlab-ci'
GITHUB = 'github-actions'
FORGEJO = 'forgejo-actions'
GITEA = 'gitea-actions'
CIRCLECI = 'circleci'
CLOUD_BUILD = 'cloud-build'
TEKTON = 'tekton'
KUBERNETES = 'kubernetes'
PROW = 'prow'
ARGO = 'argo-workflows'
SHIPWRIGHT = 'shipwright'
DRONE = 'drone'
WOODPECKER = 'woodpecker'
VELA = 'vela'
BITBUCKET = 'bitbucket-pipelines'
CONCOURSE = 'concourse'
CODEFRESH = 'codefresh'


class System(NamedTuple):
    """A CI system: `path` fits a whole path in the repository.

    `content` tells whether one document is the system's.
    """

    name: str
    path: str | None
    content: Callable[[Node], bool]


def system_by_path(path: str) -> str | None:
    """The system that takes its configuration from this path, whatever is in the file."""
    return next(
        (system.name for system in SYSTEMS if system.path and _fits(system.path, path)), None
    )


def system_of(path: str, documents: Sequence[Node]) -> str | None:
    """The system that a file with these documents belongs to; None if it is no CI.

    Below a folder, as in a template of projects, a path says less than the content.
    """
    by_path = system_by_path(path)
    if by_path:
        return by_path
    if gitlab_shape.looks_like_gitlab(path, documents):
        return GITLAB
    for document in documents:
        system = system_of_document(document)
        if system:
            return system
    parts = path.split('/')
    inner = ('/'.join(parts[index:]) for index in range(1, len(parts)))
    return next((system for system in map(system_by_path, inner) if system), None)


def _fits(pattern: str, path: str) -> bool:
    return re.fullmatch(pattern, path, re.IGNORECASE) is not None


def system_of_document(document: Node) -> str | None:
    """The system of one document, by its content; GitLab's span documents and are left out."""
    if not isinstance(document, MappingNode):
        return None
    return next((system.name for system in SYSTEMS if system.content(document)), None)


def _never(document: Node) -> bool:
    return False


def _is_resource_of(*groups: str) -> Callable[[Node], bool]:
    """A Kubernetes resource whose API group is one of these."""

    def fits(document: Node) -> bool:
        version = text_of(value_of(document, 'apiVersion')) or ''
        return version.partition('/')[0] in groups and _has(document, 'kind')

    return fits


def _has(document: Node, *names: str) -> bool:
    found = fields(document)
    return all(name in found for name in names)


# Kinds of Kubernetes whose values are data, and tools that only look like it.
_NO_CONTAINERS = frozenset(('ConfigMap', 'Secret', 'CustomResourceDefinition'))
_NO_KUBERNETES = frozenset(('skaffold', 'kustomize.config.k8s.io', 'kubecfg.dev'))


def _is_kubernetes(document: Node) -> bool:
    version = text_of(value_of(document, 'apiVersion')) or ''
    kind = text_of(value_of(document, 'kind'))
    return (
        re.fullmatch(r'(?:[\w.-]+/)?v\d\w*', version) is not None
        and version.partition('/')[0] not in _NO_KUBERNETES
        and kind is not None
        and kind not in _NO_CONTAINERS
    )


def _is_github(document: Node) -> bool:
    # `on` is a boolean for YAML 1.1, so only its text counts.
    if value_of(document, 'runs', 'using') is not None:
        return True
    return _has(document, 'on', 'jobs') and isinstance(value_of(document, 'jobs'), MappingNode)


def _is_circleci(document: Node) -> bool:
    jobs = value_of(document, 'jobs')
    return (
        text_of(value_of(document, 'version')) in ('2', '2.0', '2.1')
        and (
            isinstance(jobs, MappingNode) or isinstance(value_of(document, 'commands'), MappingNode)
        )
        and not _has(document, 'on')
    )


_CLOUD_BUILD_KEYS = frozenset(
    (
        'steps',
        'timeout',
        'queueTtl',
        'logsBucket',
        'options',
        'substitutions',
        'tags',
        'serviceAccount',
        'secrets',
        'availableSecrets',
        'artifacts',
        'images',
        'source',
        'dependencies',
        'gitConfig',
    )
)
_CLOUD_BUILD_STEP_KEYS = frozenset(
    (
        'name',
        'id',
        'args',
        'entrypoint',
        'script',
        'env',
        'secretEnv',
        'dir',
        'waitFor',
        'volumes',
        'timeout',
        'allowFailure',
        'allowExitCodes',
        'automapSubstitutions',
        'results',
    )
)


# An image's name, with substitutions; `Install Go` is none.
_IMAGE = r'(?:\$\w+\b|\$\{[^}\s]*\}|[a-z0-9._/-])+(?:[:@]\S+)?'


def _is_cloud_build(document: Node) -> bool:
    found = fields(document)
    steps = [fields(step) for step in items_of(value_of(document, 'steps'))]
    return (
        bool(steps)
        and found.keys() <= _CLOUD_BUILD_KEYS
        and all(
            'name' in step
            and step.keys() <= _CLOUD_BUILD_STEP_KEYS
            and re.fullmatch(_IMAGE, text_of(step['name'].value) or '') is not None
            for step in steps
        )
        and any(step.keys() & {'args', 'entrypoint', 'script'} for step in steps)
    )


def _is_prow(document: Node) -> bool:
    return any(
        name in fields(document) for name in ('presubmits', 'postsubmits', 'periodics')
    ) and not _has(document, 'kind')


def _is_drone(document: Node) -> bool:
    return (
        text_of(value_of(document, 'kind')) == 'pipeline'
        and isinstance(value_of(document, 'steps'), SequenceNode)
        and not _has(document, 'apiVersion')
    )


def _is_concourse(document: Node) -> bool:
    if _has(document, 'platform', 'run') and value_of(document, 'run', 'path') is not None:
        return True
    jobs = items_of(value_of(document, 'jobs'))
    return bool(jobs) and all(
        _has(job, 'name', 'plan') and isinstance(value_of(job, 'plan'), SequenceNode)
        for job in jobs
    )


def _is_bitbucket(document: Node) -> bool:
    pipelines = value_of(document, 'pipelines')
    return bool(
        fields(pipelines).keys()
        & {'default', 'branches', 'tags', 'pull-requests', 'custom', 'bookmarks'}
    )


def _is_codefresh(document: Node) -> bool:
    steps = value_of(document, 'steps')
    version = value_of(document, 'version')
    return (
        isinstance(steps, MappingNode)
        and isinstance(version, ScalarNode)
        and version.value in ('1.0', '1')
        and not _has(document, 'kind')
    )


_YAML = r'\.ya?ml'

SYSTEMS = (
    System(GITLAB, rf'(?:[^{{}}]+/)?[^/{{}}]*\.gitlab-ci{_YAML}', _never),
    System(GITHUB, rf'\.github/workflows/[^/]+{_YAML}', _is_github),
    System(FORGEJO, rf'\.forgejo/workflows/[^/]+{_YAML}', _never),
    System(GITEA, rf'\.gitea/workflows/[^/]+{_YAML}', _never),
    System(CIRCLECI, rf'\.circleci/[^/]+{_YAML}', _is_circleci),
    System(TEKTON, None, _is_resource_of('tekton.dev')),
    System(ARGO, None, _is_resource_of('argoproj.io')),
    System(SHIPWRIGHT, None, _is_resource_of('shipwright.io')),
    System(KUBERNETES, None, _is_kubernetes),
    System(PROW, rf'\.prow{_YAML}|\.prow/.+{_YAML}', _is_prow),
    System(CLOUD_BUILD, rf'[^/]*cloudbuild[^/]*{_YAML}', _is_cloud_build),
    System(DRONE, rf'\.drone{_YAML}', _is_drone),
    System(WOODPECKER, rf'\.woodpecker{_YAML}|\.woodpecker/.+{_YAML}', _never),
    System(VELA, rf'\.vela{_YAML}|\.vela/.+{_YAML}', _never),
    System(BITBUCKET, rf'bitbucket-pipelines{_YAML}', _is_bitbucket),
    System(CODEFRESH, rf'codefresh{_YAML}|\.codefresh/.+{_YAML}', _is_codefresh),
    System(CONCOURSE, None, _is_concourse),
)
