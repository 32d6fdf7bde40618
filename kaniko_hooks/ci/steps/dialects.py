"""Differences between the systems whose steps name an image and commands."""

from __future__ import annotations

from kaniko_hooks.named_tuple import NamedTuple

_POD = ('containers', 'initContainers', 'ephemeralContainers')
# What any of them may still put in: `{{inputs.parameters.x}}`, `{{ .Values.x }}`, `${{x}}`.
_TEMPLATE = r'\$?\{\{([^{}\n]{0,400})\}\}'
_TEKTON = (
    r'|\$\((?:inputs\.|outputs\.)?((?:tt\.params|params|workspaces|results|context|tasks|steps?'
    r'|resources|credentials)[.\[][^()\s]{1,400})\)'
)
_CONCOURSE = r'|\(\(([\w.:/-]+)\)\)'


class Dialect(NamedTuple):
    """Keys of containers in the files of a system, and its treatment of texts.

    - `lists`: keys of lists, or of mappings by name, of containers.
    - `single`: keys of one container.
    - `directory`: where a container starts in the repository; None if that is not known.
    - `reference`: what the system replaces in texts; one of its groups is the name.
    - `is_pod`: has parameters, and Kubernetes' `$(VAR)` in an argv.
    - `escapes_dollars`: `$$` is `$`, and an argv is named as Docker does.
    """

    lists: tuple[str, ...] = ()
    single: tuple[str, ...] = ()
    directory: str | None = ''
    reference: str = _TEMPLATE
    is_pod: bool = False
    escapes_dollars: bool = False
    shell: str = 'sh'


DIALECTS = {
    'tekton': Dialect(('steps', 'sidecars'), reference=_TEMPLATE + _TEKTON, is_pod=True),
    'kubernetes': Dialect(_POD, directory=None, is_pod=True),
    'prow': Dialect(_POD, is_pod=True),
    'argo': Dialect((*_POD, 'sidecars'), ('container', 'script'), directory=None, is_pod=True),
    'shipwright': Dialect(
        ('steps', 'buildSteps'), directory=None, reference=_TEMPLATE + _TEKTON, is_pod=True
    ),
    # 'pipeline': up to Drone 0.8.
    'drone': Dialect(('steps', 'pipeline', 'services'), escapes_dollars=True),
    'woodpecker': Dialect(('steps', 'pipeline', 'services', 'clone'), escapes_dollars=True),
    'vela': Dialect(('steps', 'services'), escapes_dollars=True),
    'bitbucket': Dialect(single=('step',), shell='bash'),
    'concourse': Dialect(single=('config',), directory=None, reference=_TEMPLATE + _CONCOURSE),
    # 'exec': of hooks.
    'codefresh': Dialect(('steps',), ('exec',)),
}
