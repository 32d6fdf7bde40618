"""The CI system that a YAML file belongs to: by its path, then by its content.

The first system whose content fits decides. A file that fits none is not CI
configuration, and nothing is ever reported about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module

from kaniko_hooks.ci.common import Source
from kaniko_hooks.ci_paths import GITLAB, System, system_at, system_below, system_named
from kaniko_hooks.document.compose import InvalidYaml, compose
from kaniko_hooks.document.nodes import (
    Field,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    fields,
    items_of,
    text_of,
    value_of,
)
from kaniko_hooks.model import Container, Note, Place, Problem, Reading
from kaniko_hooks.repository import Repository, Unreadable

# Statements of Go templates and Jinja, and the header of Vela's templates.
_TEMPLATE = (
    r'\{%|(?<!\$)\{\{-?[ \t]*(?:if|else|range|with|end|define|template|block|include|toYaml)\b'
    r'|^metadata:[^\n]*(?:\n[ \t][^\n]*)*?\btemplate:[ \t]*true\b'
)
# Files of other tools that may look alike: Helm's values, Compose's `x-…`.
_OTHER_TOOLS = r'(?:.*[._-])?values[._-].*|(?:docker-compose[._-]|compose\.).*'

# G: lib/gitlab/ci/config/entry/root.rb ALLOWED_KEYS
_GITLAB_KEYS = frozenset(
    'default include before_script image services after_script variables stages types cache'
    ' workflow pages spec'.split()
)
# G: lib/gitlab/ci/config/entry/{job,bridge,processable}.rb ALLOWED_KEYS
_GITLAB_JOB_KEYS = frozenset(
    'extends rules variables inherit allow_failure when needs resource_group environment stage'
    ' trigger only except tags script image services start_in artifacts cache dependencies'
    ' before_script after_script hooks coverage retry parallel timeout interruptible id_tokens'
    ' secrets identity pages publish release dast_configuration manual_confirmation run inputs'
    ' type description'.split()
)
_GITLAB_LISTS = frozenset(('before_script', 'services', 'after_script', 'stages', 'types'))
_GITLAB_SCRIPTS = ('script', 'before_script', 'after_script', 'run')

# cloud.google.com/build/docs/build-config-file-schema
_CLOUD_BUILD_KEYS = frozenset(
    'steps timeout queueTtl logsBucket options substitutions tags serviceAccount secrets'
    ' availableSecrets artifacts images source dependencies gitConfig'.split()
)
_CLOUD_BUILD_STEP_KEYS = frozenset(
    'name id args entrypoint script env secretEnv dir waitFor volumes timeout allowFailure'
    ' allowExitCodes automapSubstitutions results'.split()
)
# The name of an image, with substitutions; `Install Go` is none.
_IMAGE = r'(?:\$\w+\b|\$\{[^}\s]*\}|[a-z0-9._/-])+(?:[:@]\S+)?'

# Kinds of Kubernetes whose values are data, and tools that only look like it.
_KIND = r'(?!(?:ConfigMap|Secret|CustomResourceDefinition)$).+'
_VERSION = r'(?!(?:skaffold|kustomize\.config\.k8s\.io|kubecfg\.dev)/)(?:[\w.-]+/)?v\d\w*'

_ANY = (ScalarNode, SequenceNode, MappingNode)
_Kind = str | frozenset[str] | type | tuple[type, ...]

# A document is of the first system with a shape that fits: with values at all of these
# paths (`a|b` is either, `*` the items of a list) whose text has a pattern, which have no
# keys but these, or which are such nodes.
_SHAPES: tuple[tuple[str, Mapping[str, _Kind]], ...] = (
    # `on` is a boolean in YAML 1.1, so only its text counts.
    ('github-actions', {'on': _ANY, 'jobs': MappingNode}),
    ('github-actions', {'runs.using': _ANY}),
    ('circleci', {'version': r'2|2\.[01]', 'jobs|commands': MappingNode}),
    ('tekton', {'apiVersion': r'tekton\.dev/.*', 'kind': _ANY}),
    ('argo-workflows', {'apiVersion': r'argoproj\.io/.*', 'kind': _ANY}),
    ('shipwright', {'apiVersion': r'shipwright\.io/.*', 'kind': _ANY}),
    ('kubernetes', {'apiVersion': _VERSION, 'kind': _KIND}),
    ('prow', {'presubmits|postsubmits|periodics': _ANY}),
    (
        'cloud-build',
        {
            '': _CLOUD_BUILD_KEYS,
            'steps.*': _CLOUD_BUILD_STEP_KEYS,
            'steps.*.name': _IMAGE,
            'steps.*.args|entrypoint|script': _ANY,
        },
    ),
    ('drone', {'kind': 'pipeline', 'steps': SequenceNode}),
    (
        'bitbucket-pipelines',
        {'pipelines.default|branches|tags|pull-requests|custom|bookmarks': _ANY},
    ),
    ('codefresh', {'version': r'1|1\.0', 'steps': MappingNode}),
    ('concourse', {'platform': _ANY, 'run.path': _ANY}),
    ('concourse', {'jobs.*.name': _ANY, 'jobs.*.plan': SequenceNode}),
)


def recognise(repository: Repository, path: str) -> tuple[System | None, Callable[[], Reading]]:
    """The system of a file, None if it is no CI configuration; and what reads the file.

    GitLab's files are read elsewhere, all that one pipeline consists of together.
    """
    system = system_at(path)
    nothing = partial(Reading, ())
    if system is GITLAB:
        return system, nothing
    text = ''
    try:
        text = repository.text(path) or ''
        documents = compose(text, path)
    except Unreadable as error:
        problem = Problem(Place(path, 0), f'the file {error}')
    except InvalidYaml as error:
        problem = Problem(Place(path, error.offset), f'not valid YAML: {error.message}')
    else:
        system = system_of(path, documents)
        return system, partial(_read, repository, documents, system) if system else nothing
    # Only a path that says CI makes an unreadable file a problem, and no template is one.
    is_problem = system is not None and not is_template(text)
    return None, partial(Reading, (), problems=(problem,)) if is_problem else nothing


def is_template(text: str) -> bool:
    """True for a template of another tool, which need not be YAML."""
    return re.search(_TEMPLATE, text, re.MULTILINE) is not None


def _read(repository: Repository, documents: Sequence[Node], system: System) -> Reading:
    """The containers of a file of a system."""
    read_document = import_module(f'kaniko_hooks.ci.{system.reader.partition(":")[0]}').read
    several = sum(not isinstance(document, ScalarNode) for document in documents) > 1
    notes: list[Note] = []
    containers: list[Container] = []
    for index, document in enumerate(documents):
        prefix = f'doc[{index}].' if several else ''
        containers += read_document(Source(repository, system, document, prefix, notes))
    return Reading(tuple(containers), tuple(notes))


def system_of(path: str, documents: Sequence[Node]) -> System | None:
    """The system that a file with these documents belongs to.

    Below a folder, as in a template of projects, a path says less than the content.
    """
    system = system_at(path)
    if system is not None:
        return system
    if _is_gitlab(path, documents):
        return GITLAB
    by_content = filter(None, map(system_of_document, documents))
    return next(by_content, None) or system_below(path)


def system_of_document(document: Node) -> System | None:
    """The system of one document, by its content; GitLab's span documents and are left out."""
    for name, shape in _SHAPES:
        if all(_fits(document, path, kind) for path, kind in shape.items()):
            return system_named(name)
    return None


def _fits(document: Node, path: str, kind: _Kind) -> bool:
    nodes: list[Node | None] = [document]
    for names in filter(None, path.split('.')):
        if names == '*':
            nodes = [item for node in nodes for item in items_of(node)]
        else:
            nodes = [value_of(node, name) for node in nodes for name in names.split('|')]
    values = [node for node in nodes if node is not None]
    if isinstance(kind, str):
        return bool(values) and all(re.fullmatch(kind, text_of(node)) for node in values)
    if isinstance(kind, frozenset):
        return all(fields(node).keys() <= kind for node in values)
    return bool(values) and all(isinstance(node, kind) for node in values)


def _is_gitlab(path: str, documents: Sequence[Node]) -> bool:
    """True for a file that GitLab would take: it refuses unknown keywords.

    Each visible entry is a global keyword or a mapping of job keywords, and some
    entry has a script.
    """
    if re.fullmatch(_OTHER_TOOLS, path.rpartition('/')[2], re.IGNORECASE):
        return False
    has_header = len(documents) > 1 and fields(documents[0]).keys() == {'spec'}
    content = documents[-1] if has_header else documents[0] if documents else None
    entries = fields(content)
    return any(_has_gitlab_script(fields(field.value)) for field in entries.values()) and all(
        name[:1] == '.'
        or name in _GITLAB_KEYS
        # `services: {}` is Compose's.
        and not (name in _GITLAB_LISTS and isinstance(field.value, MappingNode))
        # `resources: {}` is a Helm value.
        or set() < fields(field.value).keys() <= _GITLAB_JOB_KEYS
        for name, field in entries.items()
    )


def _has_gitlab_script(entry: Mapping[str, Field]) -> bool:
    return entry.keys() <= _GITLAB_JOB_KEYS and any(
        name in entry and not isinstance(entry[name].value, MappingNode) for name in _GITLAB_SCRIPTS
    )
