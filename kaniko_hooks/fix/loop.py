"""A `for` over literal words with one build -> `parallel: matrix` of the same job."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.ci.gitlab.values import get, is_null
from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.fix.keywords import followed, texts_beside
from kaniko_hooks.fix.layout import Layout
from kaniko_hooks.fix.names import LONGEST
from kaniko_hooks.fix.order import Planned, needed
from kaniko_hooks.fix.refusal import Refusal, shortened
from kaniko_hooks.fix.script.carried import check_loop
from kaniko_hooks.fix.script.effects import taken_over
from kaniko_hooks.fix.script.environment import exported, looks_at, reads_in
from kaniko_hooks.fix.script.iterations import Body, check_directory, check_iterations
from kaniko_hooks.fix.script.listed import loop_values
from kaniko_hooks.fix.script.outputs import pipelines_of, written_by
from kaniko_hooks.fix.script.pieces import commands_in
from kaniko_hooks.fix.script.remains import check_jobs, check_unused
from kaniko_hooks.fix.script.shape import check_written
from kaniko_hooks.fix.script.steps import BUILD, LOOP, OTHER, Step, Steps, body_steps, setup_of
from kaniko_hooks.fix.script.trial import Met, Setting
from kaniko_hooks.fix.subject import Subject
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.syntax.tree import For, Function

MAX_WORDS = 200  # G: ci_partitioned… `parallel` has at most 200 jobs

_ENVIRONMENT = re.compile(
    r'(?:CI|GITLAB|KANIKO|DOCKER|FF)(?:_|\Z)|(?:PATH|HOME|USER|PWD|SHELL|IFS)\Z'
)
_JOINED = 'redirected, in the background or joined with other commands'


class Loop(NamedTuple):
    """The loop to unroll.

    - `values`: its words.
    - `inner`: the steps of its body.
    - `unused`: the variables that an iteration changes and no other one uses.
    """

    step: Step
    command: For
    values: tuple[str, ...]
    inner: tuple[Step, ...]
    unused: frozenset[str]


def loop_of(
    subject: Subject, place: Layout, setting: Setting, before: Sequence[str], found: Steps
) -> Loop:
    """The one loop of a script, if it can become a matrix. Raises Refusal."""
    step = next(each for each in found.steps if each.kind == LOOP)
    if any(each.kind == BUILD or each.kind == LOOP and each is not step for each in found.steps):
        raise Refusal('its script has other builds besides a loop')
    if step.piece is None or len(step.piece.pipelines) > 1 or step.piece.background:
        raise Refusal(f'{shortened(step.text)} is {_JOINED}')
    command = step.piece.pipelines[0].commands[0]
    assert isinstance(command, For)
    if command.redirections or len(step.piece.whole.pipelines) > 1 or command.select:
        raise Refusal(f'{shortened(step.text)} is {_JOINED}')
    earlier = [*setup_of(before), *found.steps[: found.steps.index(step)]]
    values = loop_values(command, earlier, found.functions)
    if len(values) > MAX_WORDS:
        raise Refusal(f'the loop over ${command.name} has more than {MAX_WORDS} words')
    if max(len(f'{subject.name}: [{each}]') for each in values) > LONGEST:
        raise Refusal('the names of the new jobs would be too long')
    if not is_null(get(subject.job.table, 'parallel')):
        raise Refusal('it has a `parallel` already')
    _check_variable(subject, setting, before, found, step, command.name)
    node = place.items[step.item].node
    text = node.value if isinstance(node, ScalarNode) else ''
    last = [each.text for each in subject.job.after_script or ()]
    inner, met = _iterations(setting, before, found, step, command, values, text, last)
    if any(needed([Planned(each, step.text) for each in met], setting)):
        raise Refusal('the builds of its loop depend on each other or write the same image or file')
    unused = check_loop(
        earlier, inner, command, found.functions, lambda name: is_environment(name, setting)
    )
    ran = [*earlier, step, *inner]
    # What is read in sees the variable as the script does.
    scripts = [] if reads_in(inner, found.functions) else followed(subject, setting)
    if not exported(ran, [command.name]) and (
        looks_at(ran, command.name) or any(command.name in taken_over(text) for text in scripts)
    ):
        raise Refusal(
            f'the loop variable {command.name} is not exported, and programs that the loop runs '
            'look for it'
        )
    return Loop(step, command, values, inner, unused)


def is_environment(name: str, setting: Setting) -> bool:
    """Whether a variable is known to be one of the job's environment."""
    return name in setting.variables or _ENVIRONMENT.match(name) is not None


def _check_variable(
    subject: Subject, setting: Setting, before: Sequence[str], found: Steps, step: Step, name: str
) -> None:
    if is_environment(name, setting):
        raise Refusal(f'the loop variable {name} is a variable of the pipeline')
    after = [command.text for command in subject.job.after_script or ()]
    others = [*setup_of(before), *(each for each in found.steps if each is not step)]
    texts = [*after, *(each.text for each in others if not _only_defines(each))]
    called = {each for text in texts for each in re.findall(r'[\w.-]+', text)}
    if not called.isdisjoint(found.functions):
        texts += [each.text for each in others if _only_defines(each)]
    if any(_uses(text, name) for text in (*texts, *texts_beside(subject))):
        raise Refusal(f'the loop variable {name} is used outside the loop')


def _only_defines(step: Step) -> bool:
    """Whether a step defines functions, which run where they are called."""
    return step.piece is not None and not pipelines_of(step)


def _uses(text: str, name: str) -> bool:
    return re.search(rf'\$\{{?[#!]?{name}(?!\w)|(?<![\w$]){name}\+?=', text) is not None


def _iterations(
    setting: Setting,
    before: Sequence[str],
    found: Steps,
    step: Step,
    command: For,
    values: Sequence[str],
    text: str,
    last: Sequence[str],
) -> tuple[tuple[Step, ...], list[Met]]:
    """The steps of the loop's body, and the build of each iteration."""
    after = [*(each.text for each in found.steps[found.steps.index(step) + 1 :]), *last]
    setup = [each.text for each in found.steps[: found.steps.index(step)]]
    met = []
    inner: tuple[Step, ...] = ()
    for value in values:
        assigned = f"{command.name}='" + value.replace("'", "'\\''") + "'"
        inner = body_steps(
            setting, [*before, *setup, assigned], text, command.body, found.functions
        )
        builds = [each for each in inner if each.kind == BUILD]
        if len(builds) != 1:
            raise Refusal(f'the loop over ${command.name} has more than one build')
        met.append(builds[0].met)
        body = text[command.body[0].start : command.body[-1].end]
        check_directory(setting, [*before, *setup], assigned, Body(command, body), found.functions)
        check_unused(written_by(builds[0], found.functions), after)
    _check_body(inner, command, found)
    check_iterations(inner, command.name, found.functions)
    rest = found.steps[len(setup) + 1 :]
    check_jobs(
        setup_of(before), [*found.steps[: len(setup)], *inner, *inner, *rest], found.functions
    )
    return inner, met


def _check_body(inner: Sequence[Step], command: For, found: Steps) -> None:
    for each in inner:
        if each.kind in (OTHER, LOOP):
            raise Refusal(
                f'{shortened(each.text)} stands between the builds and is more than set-up'
            )
        if each.kind == BUILD:
            check_written(each, found.functions)
    said = f'the loop over ${command.name}'
    pipelines = [pipeline for each in command.body for pipeline in each.pipelines]
    for inside in commands_in(pipelines):
        if not isinstance(inside, Function) and any(each.heredoc for each in inside.redirections):
            raise Refusal(f'{said} has a here-document')
