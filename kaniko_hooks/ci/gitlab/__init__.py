"""GitLab CI: the commands that each job of a repository's pipelines runs.

from kaniko_hooks.ci.gitlab import read_pipeline
pipeline = read_pipeline('.')
for name, job in pipeline.jobs.items():
    for command in job.script or ():
        print(name, command.text, command.file, command.offset)

This is for other programs as well: so are `before_script`, `after_script`, `variables` and
`matrix` of a job, also where the hooks do without them.
"""

from __future__ import annotations

from kaniko_hooks.ci.gitlab.jobs import Job, Pipeline
from kaniko_hooks.ci.gitlab.pipelines import read_pipeline
from kaniko_hooks.ci.gitlab.values import InvalidPipeline

__all__ = ('InvalidPipeline', 'Job', 'Pipeline', 'read_pipeline')
