"""The shape to aim for in each CI system, for the finding's message."""

from __future__ import annotations

from kaniko_hooks.ci import recognise

_STEP = 'one step per build'
_JOB = 'one job per build'

_ADVICE = {
    recognise.GITLAB: _JOB,
    recognise.GITHUB: _JOB,
    recognise.FORGEJO: _JOB,
    recognise.GITEA: _JOB,
    recognise.CIRCLECI: _JOB,
    recognise.CLOUD_BUILD: _STEP,
    recognise.TEKTON: _STEP,
    recognise.KUBERNETES: 'one init container per build',
    recognise.PROW: 'one init container per build',
    recognise.ARGO: 'one template per build',
    recognise.SHIPWRIGHT: _STEP,
    recognise.DRONE: _STEP,
    recognise.WOODPECKER: _STEP,
    recognise.VELA: _STEP,
    recognise.BITBUCKET: _STEP,
    recognise.CONCOURSE: 'one task per build',
    recognise.CODEFRESH: _STEP,
}


def advice(system: str, name: str = '') -> str:
    """What to do instead, as a noun phrase: 'one step per build'.

    `name` is the container's: a Docker action's step of a GitHub job is one by itself.
    """
    found = _ADVICE.get(system, 'one container per build')
    return _STEP if found == _JOB and name.endswith(']') and '.steps[' in name else found
