"""The CI system that a YAML file belongs to: by its path, then by its content.

The first system whose content fits decides. A file that fits none is not CI
configuration, and nothing is ever reported about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from kaniko_hooks.ci.common import Entries, Source, value_in
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
_NO_CONTAINERS = frozenset(('ConfigMap', 'Secret', 'CustomResourceDefinition'))
_NO_KUBERNETES = frozenset(('skaffold', 'kustomize.config.k8s.io', 'kubecfg.dev'))


def recognise(
    repository: Repository, path: str
) -> tuple[System | None, list[Node], tuple[Problem, ...]]:
    """The system and the documents of a file, and the problem to report if it does not parse.

    The system is None if it is no CI configuration that can be read. The documents of
    GitLab's files are left out.
    """
    system = system_at(path)
    if system is GITLAB:
        return system, [], ()
    text = ''
    try:
        text = repository.text(path) or ''
        documents = compose(text, path)
    except Unreadable as error:
        problem = Problem(Place(path, 0), f'the file {error}')
    except InvalidYaml as error:
        problem = Problem(Place(path, error.offset), f'not valid YAML: {error.message}')
    else:
        return system_of(path, documents), documents, ()
    # Only a path that says CI makes an unreadable file a problem, and no template is one.
    return None, [], () if system is None or is_template(text) else (problem,)


def is_template(text: str) -> bool:
    """True for a template of another tool, which need not be YAML."""
    return re.search(_TEMPLATE, text, re.MULTILINE) is not None


def read(repository: Repository, path: str, documents: Sequence[Node], system: System) -> Reading:
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
    if not isinstance(document, MappingNode):
        return None
    entries = fields(document)
    names = (name for name, fits in _CONTENT.items() if fits(entries))
    return next(map(system_named, names), None)


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


def _text(entries: Entries, name: str) -> str:
    return text_of(value_in(entries, name))


def _is_github(entries: Entries) -> bool:
    # `on` is a boolean in YAML 1.1, so only its text counts.
    return value_of(value_in(entries, 'runs'), 'using') is not None or (
        'on' in entries and isinstance(value_in(entries, 'jobs'), MappingNode)
    )


def _is_circleci(entries: Entries) -> bool:
    return _text(entries, 'version') in ('2', '2.0', '2.1') and any(
        isinstance(value_in(entries, name), MappingNode) for name in ('jobs', 'commands')
    )


def _is_resource_of(group: str) -> Callable[[Entries], bool]:
    """A test for a Kubernetes resource of an API group."""
    return lambda entries: (
        _text(entries, 'apiVersion').startswith(f'{group}/') and 'kind' in entries
    )


def _is_kubernetes(entries: Entries) -> bool:
    version, kind = _text(entries, 'apiVersion'), _text(entries, 'kind')
    return (
        re.fullmatch(r'(?:[\w.-]+/)?v\d\w*', version) is not None
        and version.partition('/')[0] not in _NO_KUBERNETES
        and kind not in ('', *_NO_CONTAINERS)
    )


def _is_prow(entries: Entries) -> bool:
    return not entries.keys().isdisjoint(('presubmits', 'postsubmits', 'periodics'))


def _is_cloud_build(entries: Entries) -> bool:
    steps = [fields(step) for step in items_of(value_in(entries, 'steps'))]
    return (
        entries.keys() <= _CLOUD_BUILD_KEYS
        and all(
            step.keys() <= _CLOUD_BUILD_STEP_KEYS and re.fullmatch(_IMAGE, _text(step, 'name'))
            for step in steps
        )
        and any(step.keys() & {'args', 'entrypoint', 'script'} for step in steps)
    )


def _is_drone(entries: Entries) -> bool:
    steps = value_in(entries, 'steps')
    return _text(entries, 'kind') == 'pipeline' and isinstance(steps, SequenceNode)


def _is_bitbucket(entries: Entries) -> bool:
    kinds = {'default', 'branches', 'tags', 'pull-requests', 'custom', 'bookmarks'}
    return bool(fields(value_in(entries, 'pipelines')).keys() & kinds)


def _is_codefresh(entries: Entries) -> bool:
    steps = value_in(entries, 'steps')
    return _text(entries, 'version') in ('1.0', '1') and isinstance(steps, MappingNode)


def _is_concourse(entries: Entries) -> bool:
    if 'platform' in entries and value_of(value_in(entries, 'run'), 'path') is not None:
        return True
    jobs = items_of(value_in(entries, 'jobs'))
    return bool(jobs) and all(
        'name' in fields(job) and isinstance(value_of(job, 'plan'), SequenceNode) for job in jobs
    )


_CONTENT: Mapping[str, Callable[[Entries], bool]] = {
    'github-actions': _is_github,
    'circleci': _is_circleci,
    'tekton': _is_resource_of('tekton.dev'),
    'argo-workflows': _is_resource_of('argoproj.io'),
    'shipwright': _is_resource_of('shipwright.io'),
    'kubernetes': _is_kubernetes,
    'prow': _is_prow,
    'cloud-build': _is_cloud_build,
    'drone': _is_drone,
    'bitbucket-pipelines': _is_bitbucket,
    'codefresh': _is_codefresh,
    'concourse': _is_concourse,
}
