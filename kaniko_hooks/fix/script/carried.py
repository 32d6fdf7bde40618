"""Variables that one build's commands change and another's use: jobs of their own do not share them."""
from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.refusal import shortened
from kaniko_hooks.fix.script.change import Functions
from kaniko_hooks.fix.script.effects import Effects
from kaniko_hooks.fix.script.effects import effects
from kaniko_hooks.fix.script.outputs import pipelines_of
from kaniko_hooks.fix.script.prints import Owners
from kaniko_hooks.fix.script.steps import BUILD
from kaniko_hooks.fix.script.steps import SETUP
from kaniko_hooks.fix.script.steps import Step
from kaniko_hooks.shell.syntax.parser import parse
from kaniko_hooks.shell.syntax.tree import Pipeline


def check_builds(steps: Sequence[Step], functions: Functions, owned: Owners) -> None:
    """Raises Refusal where a step uses a variable that an earlier build has changed.

    A variable that is known when the next build starts is left to the proof,
    which compares its values.
    """
    builds = [index for index, step in enumerate(steps) if step.kind == BUILD]
    done = [effects(_ran(step), functions) for step in steps]
    for index in builds[:-1]:
        left = set(done[index].assigned)
        for at in range(index + 1, len(steps)):
            if owned.get(at) == index or not left:
                continue
            following = next((each for each in builds if each >= at), builds[-1])
            open_ = steps[following].met.unknown | done[index].counted
            taken = left & done[at].used & open_
            if taken:
                raise Refusal(
                    f'{shortened(steps[at].text)} uses ${min(taken)}, which an earlier build changes',
                )
            if steps[at].kind == SETUP and at not in owned:
                left -= done[at].assigned


def check_loop(inner: Sequence[Step], name: str, functions: Functions) -> None:
    """Raises Refusal where an iteration uses what the one before it has assigned.

    `inner` are the steps of the loop's body, `name` its variable.
    """
    found: Effects = effects([each for step in inner for each in _ran(step)], functions)
    carried = (found.used & found.assigned) - {name}
    if carried:
        raise Refusal(
            f'the loop over ${name} carries ${min(carried)} from one iteration to the next',
        )


def _ran(step: Step) -> tuple[Pipeline, ...]:
    """What a step runs, also one that stands elsewhere."""
    if step.piece is not None:
        return pipelines_of(step)
    return tuple(each for statement in parse(step.text).body for each in statement.pipelines)
