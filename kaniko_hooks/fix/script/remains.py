"""What a build leaves behind that another job would not find, and what each job has anew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from kaniko_hooks.fix.refusal import Refusal, shortened
from kaniko_hooks.fix.script.arguments import outputs, spelled, values
from kaniko_hooks.fix.script.change import Functions, change
from kaniko_hooks.fix.script.edited import check_edited
from kaniko_hooks.fix.script.outputs import (
    adds_to,
    names_read,
    reached,
    redirected,
    uses_file,
    written_by,
)
from kaniko_hooks.fix.script.pieces import commands_in, literal, names_used
from kaniko_hooks.fix.script.prints import Owners
from kaniko_hooks.fix.script.steps import BUILD, SETUP, Step
from kaniko_hooks.old_shell.syntax.tree import Pipeline, Simple

_STATUS = frozenset(('?', '!', '_'))
# GitLab: what is another value in each job.
_PER_JOB = re.compile(r'\$CI_JOB_(?:ID|STARTED_AT)(?!\w)')


def check_state(
    steps: Sequence[Step], functions: Functions, after: Sequence[str], owned: Owners
) -> None:
    """Raises Refusal for what a build leaves behind that a later step or build uses.

    `after` are the texts of `after_script`, which will run once for each build.
    """
    builds = [index for index, step in enumerate(steps) if step.kind == BUILD]
    _check_added([steps[index] for index in builds], functions)
    for index in builds:
        written = written_by(steps[index], functions)
        check_unused(written, after)
        later = [at for at in range(index + 1, len(steps)) if owned.get(at) != index]
        for at in later:
            build = steps[owned.get(at, at)]
            own = set(outputs(build.argv)) if at in owned else set()
            check_unused([path for path in written if path not in own], [steps[at].text])
        place = steps[index].met.directory
        check_edited(steps[index], [steps[at] for at in later], functions, place)
        piece = steps[index].piece
        if piece is None or index == builds[-1]:
            continue
        if change(piece.pipelines, functions).moves:
            raise Refusal(
                f'{shortened(steps[index].text)} changes the directory in which later commands run'
            )
        _check_status([steps[at] for at in later])


def _check_added(builds: Iterable[Step], functions: Functions) -> None:
    """No two builds may add to one file: the second finds what the first has added."""
    before: set[str] = set()
    for build in builds:
        added = set(adds_to(reached(build, functions)))
        if before & added:
            raise Refusal(
                f'{shortened(build.text)} adds to {min(before & added)}, as an earlier build does'
            )
        before |= added


def check_unused(paths: Sequence[str], texts: Iterable[str]) -> None:
    """Raises Refusal where commands use one of the files that a build writes."""
    for text in texts:
        for path in paths:
            if uses_file(text, path):
                raise Refusal(
                    f'{shortened(text)} uses the file {path}, which an earlier build writes'
                )


def _check_status(later: Iterable[Step]) -> None:
    for step in later:
        if step.piece is not None and _STATUS & names_used(step.piece.pipelines):
            raise Refusal(f'{shortened(step.text)} uses the status of what ran before it')


def check_jobs(before: Sequence[Step], steps: Sequence[Step], functions: Functions) -> None:
    """Raises Refusal for what several builds share only as long as they are in one job.

    `before` is what runs before the steps; `functions` are all that they call.
    """
    every = [*before, *steps]
    _check_volatile(every, functions)
    goes_on = None
    for step in every:
        if step.kind == BUILD and goes_on is not None:
            raise Refusal(f'after {shortened(goes_on)} a build that fails does not fail the job')
        for option in _errexit(reached(step, functions)):
            goes_on = None if option else step.text
    per_job = [
        found.group()
        for step in every
        for word in values(step.argv, '--destination')[:1]
        for found in _PER_JOB.finditer(spelled(word))
    ]
    if len(per_job) > 1:
        raise Refusal(f'its images are named by {per_job[0]}, which is another one in each job')


def _errexit(pipelines: Iterable[Pipeline]) -> Iterator[bool]:
    """Whether commands switch on, or off, that the first failure ends the job."""
    for command in sorted(commands_in(pipelines), key=lambda each: each.start):
        if (
            not isinstance(command, Simple)
            or not command.words
            or literal(command.words[0]) != 'set'
        ):
            continue
        options = [literal(word) or '' for word in command.words[1:]]
        for option, following in zip(options, [*options[1:], '']):
            if option[:1] in ('-', '+') and (
                'e' in option or option[-1:] == 'o' and following == 'errexit'
            ):
                yield option[0] == '-'


def _check_volatile(steps: Sequence[Step], functions: Functions) -> None:
    """A value that is another one each time must not be needed by several builds."""
    ran = [reached(step, functions) for step in steps]
    changes = [change(each, {}) for each in ran]
    for index, (step, left) in enumerate(zip(steps, changes)):
        writes = bool(redirected(ran[index]))
        if step.kind == BUILD or not left.volatile or not left.assigned and not writes:
            continue
        end = next(
            (
                at
                for at in range(index + 1, len(steps))
                if not writes and left.assigned <= changes[at].assigned
            ),
            len(steps),
        )
        later = range(index + 1, end)
        users = [
            at for at in later if left.assigned & (names_used(ran[at]) | names_read(steps[at]))
        ]
        if sum(steps[at].kind == BUILD for at in later) > 1 and (
            writes or len(users) > 1 or any(steps[at].kind == SETUP for at in users)
        ):
            raise Refusal(
                f'{shortened(step.text)} gives another value each time, and several builds use it'
            )
