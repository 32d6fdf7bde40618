"""Advice about findings that the fix hook leaves alone."""

from __future__ import annotations

from kaniko_hooks.ci_paths import system_named
from kaniko_hooks.kaniko import other_words
from kaniko_hooks.model import Build, Container, Execution, Finding, Run

_WITH_RULES = 'use one job per build, with `rules:` for its condition'
_IN_THE_LOOP = (
    'use one job per build, or list the words in the loop itself, so that it can be split'
)
# Advice by parts of refusals of the fix, some of which quote a statement.
_INSTEAD = {
    ' a different value each time': (
        'use a variable of the pipeline, such as `CI_PIPELINE_ID` or `CI_PIPELINE_CREATED_AT`'
    ),
    ' the builds and is not plain set-up': 'move it into a job of its own, with `needs:`',
    'it has a `release`': 'use one job per build, without it',
    'it has an `environment`': 'use one job per build, without it',
    '`if ': _WITH_RULES,
    '`case ': _WITH_RULES,
    'after `[ ': _WITH_RULES,
    ' is not over literal words': _IN_THE_LOOP,
    '`while ': _IN_THE_LOOP,
}
_RETRIES = ('`until ', '`while ! ')


def noun(container: Container) -> str:
    """The word for such a container: 'job', 'step', …"""
    unit = system_named(container.system).unit
    # A Docker action's step of a GitHub job is a container of its own.
    is_step = unit == 'job' and container.name.endswith(']') and '.steps[' in container.name
    return 'step' if is_step else unit


def advised(finding: Finding) -> Finding:
    """The finding with a `no_fix` that ends in what to do."""
    reason = finding.no_fix
    if finding.run is None or reason is None:
        return finding
    if '--unsafe' not in reason:
        return finding._replace(no_fix=f'{reason}; {_advice(finding, finding.run, reason)}')
    if 'not part of any pipeline' in reason:
        return finding._replace(no_fix=f'{reason}, or name its root file with --gitlab-config')
    return finding


def _advice(finding: Finding, run: Run, reason: str) -> str:
    """The alternative as an imperative: 'use one job per build'."""
    is_gitlab = finding.containers[0].system == 'gitlab-ci'
    instead = f'use one {noun(finding.containers[0])} per build'
    reasons = [why for execution in run.executed for why in execution.reasons]
    commands = [execution.build.argv for execution in run.executed]
    is_same = len({tuple(field.text for field in argv) for argv in commands}) == 1
    is_once = is_same and not any(why.kind == 'call' for why in reasons)
    retries = is_once and len(run.executed) > 1 or any(why.kind == 'retry' for why in reasons)
    if retries or any(part in reason for part in _RETRIES):
        instead = 'build once' if is_once else instead
        return f'{instead}, with `retry:`' if is_gitlab else f'{instead}, and let CI repeat it'
    if _is_one_image(run):
        return 'pass each tag to one build as a further `--destination`'
    return next((advice for part, advice in _INSTEAD.items() if part in reason), instead)


def _is_one_image(run: Run) -> bool:
    """Test for builds that differ in nothing but the tags or registries of one image."""
    builds = [execution.build for execution in run.executed]
    images = {build.flags.destinations for build in builds}
    names = {name.rpartition('/')[2].partition(':')[0] for own in images for name in own}
    is_same = len(names) == len(set(map(_other_words, builds))) == 1
    is_each = len(images) == run.builds_in_worst_run
    return is_same and (is_each or all(map(_is_looped_over_tags, run.executed)))


def _is_looped_over_tags(execution: Execution) -> bool:
    """Test for a loop whose word is a part of a tag, and of nothing else in the build."""
    build = execution.build
    tags = [name.rpartition(':')[2] for name in build.flags.destinations]
    words = [word for why in execution.reasons for word in why.words[:1]]
    return len(words) == len(execution.reasons) == 1 and any(
        words[0] in tag and not any(words[0] in other for other in _other_words(build))
        for tag in tags
    )


def _other_words(build: Build) -> tuple[str, ...]:
    return tuple(text.value for text in other_words(build.argv))
