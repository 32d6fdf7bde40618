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
_DOLLARS = r'|\$\$'
_SHELL = r'\$\$|\$\{(\w+)\}|\$(\w+)'
# `$_X`, `${_X}`, and with bash's expansions `${_X:-true}`.
_CLOUD_BUILD = r'\$\$|\$\{([A-Z_][A-Z0-9_]*(?:[^A-Z0-9_}][^}]{0,200})?)\}|\$([A-Z_][A-Z0-9_]*)'


class Dialect(NamedTuple):
    """Keys of containers in the files of a system, and its treatment of texts.

    - `lists`: keys of lists, or of mappings by name, of containers.
    - `single`: keys of one container.
    - `directory`: where a container starts in the repository; None if that is not known.
    - `reference`: what the system replaces in texts, `$$` by `$`, all else by a value; one of
      its groups is the name. `in_values`: the same for variables, if that differs.
    - `argv`: the keys of the first words of an argv, and of the others.
    - `image`, `label`, `variables`: the keys of these.
    - `inner`: the key of a mapping with more keys of the container.
    - `is_pod`: has parameters, and Kubernetes' `$(VAR)` in an argv.
    - `keeps_scripts`: nothing is replaced in these.
    """

    lists: tuple[str, ...] = ()
    single: tuple[str, ...] = ()
    directory: str | None = ''
    reference: str = _TEMPLATE
    in_values: str = ''
    argv: tuple[str, str] = ('command', 'args')
    image: str = 'image'
    label: str = 'name'
    variables: tuple[str, ...] = ('env', 'environment')
    inner: str = ''
    is_pod: bool = False
    keeps_scripts: bool = False
    shell: str = 'sh'


_DRONE = Dialect(
    # 'pipeline': up to Drone 0.8; 'clone': of Woodpecker.
    ('steps', 'pipeline', 'services', 'clone'),
    reference=_TEMPLATE + _DOLLARS,
    in_values=_SHELL,
    argv=('entrypoint', 'command'),
)
DIALECTS = {
    # 'spec': of a StepAction.
    'tekton': Dialect(('steps', 'sidecars'), ('spec',), reference=_TEMPLATE + _TEKTON, is_pod=True),
    'kubernetes': Dialect(_POD, directory=None, is_pod=True),
    'prow': Dialect(_POD, is_pod=True),
    'argo': Dialect((*_POD, 'sidecars'), ('container', 'script'), directory=None, is_pod=True),
    'shipwright': Dialect(
        ('steps', 'buildSteps'), directory=None, reference=_TEMPLATE + _TEKTON, is_pod=True
    ),
    'cloud-build': Dialect(
        ('steps',),
        reference=_CLOUD_BUILD,
        argv=('entrypoint', 'args'),
        image='name',
        label='id',
        keeps_scripts=True,
    ),
    'drone': _DRONE,
    'bitbucket': Dialect(single=('step',), shell='bash'),
    'concourse': Dialect(
        single=('config',),
        directory=None,
        reference=_TEMPLATE + _CONCOURSE,
        argv=('path', 'args'),
        variables=('params',),
        inner='run',
    ),
    # 'exec': of hooks; 'arguments': of typed steps.
    'codefresh': Dialect(('steps',), ('exec',), argv=('entry_point', 'cmd'), inner='arguments'),
}
