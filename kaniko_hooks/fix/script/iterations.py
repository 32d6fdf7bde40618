"""What one iteration of a loop leaves for the next: none of it is there in a job of its own."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.script.change import Functions, change
from kaniko_hooks.fix.script.edited import check_edited
from kaniko_hooks.fix.script.outputs import adds_to, reached
from kaniko_hooks.fix.script.remains import check_state
from kaniko_hooks.fix.script.sourced import PROBE
from kaniko_hooks.fix.script.steps import BUILD, Step
from kaniko_hooks.fix.script.trial import Setting, commands, traced
from kaniko_hooks.model import ScriptPart
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.syntax.tree import For


class Body(NamedTuple):
    """A loop and the text of its body."""

    command: For
    text: str


def check_directory(
    setting: Setting, before: Sequence[str], assigned: str, body: Body, functions: Functions
) -> None:
    """Raises Refusal unless an iteration ends where it began, or goes to an absolute path.

    `assigned` gives the loop's variable its value.
    """
    command = body.command
    pipelines = tuple(pipeline for each in command.body for pipeline in each.pipelines)
    if not change(pipelines, functions).moves:
        return
    part = ScriptPart(commands([*before, PROBE, assigned, body.text, PROBE]), setting.variables)
    places = [each.directory for each in traced(setting, (part,))]
    if places[0] is None or places[0] != places[-1]:
        raise Refusal(
            f'the loop over ${command.name} changes the directory for the iterations that follow'
        )


def check_iterations(inner: Sequence[Step], name: str, functions: Functions) -> None:
    """Raises Refusal where an iteration uses what the one before it has left.

    `inner` are the steps of the body, with one build; `name` is the loop's variable.
    """
    count = len(inner)
    at = next(index for index, each in enumerate(inner) if each.kind == BUILD)
    owned = dict.fromkeys(range(at + 1, count), at)
    check_state(
        (*inner, *inner), functions, (), {**owned, **{index + count: count + at for index in owned}}
    )
    for each in inner:
        check_edited(each, inner, functions, inner[at].met.directory)
    added = [path for each in inner for path in adds_to(reached(each, functions))]
    if added:
        raise Refusal(f'the loop over ${name} adds to {added[0]} in each iteration')
