"""Variables that one build's commands change and another's use: jobs of their own do not share them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from kaniko_hooks.fix.refusal import Refusal, shortened
from kaniko_hooks.fix.script.change import Functions
from kaniko_hooks.fix.script.effects import Effects, effects
from kaniko_hooks.fix.script.environment import exported, passed, reads_in
from kaniko_hooks.fix.script.outputs import statements_of
from kaniko_hooks.fix.script.prints import Owners
from kaniko_hooks.fix.script.steps import BUILD, SETUP, Step
from kaniko_hooks.old_shell.syntax.tree import For


def check_builds(
    before: Sequence[Step],
    steps: Sequence[Step],
    functions: Functions,
    owned: Owners,
    environment: Callable[[str], bool],
) -> frozenset[str]:
    """Raises Refusal where a step uses a variable that an earlier build has changed.

    A variable that is known when the next build starts is left to the proof,
    which compares its values; returns those that it need not compare, since
    nothing finds what a build has left in them. `before` is what runs before the
    steps; `environment` tells the variables that programs see.
    """
    builds = [index for index, step in enumerate(steps) if step.kind == BUILD]
    done = [effects(statements_of(step), functions) for step in steps]
    found: set[str] = set()
    for index in builds[:-1]:
        left = set(done[index].assigned)
        for at in range(index + 1, len(steps)):
            if owned.get(at) == index or not left:
                continue
            following = next((each for each in builds if each >= at), builds[-1])
            open_ = steps[following].met.unknown | done[index].counted
            used = left & done[at].used
            if used & open_:
                raise Refusal(
                    f'{shortened(steps[at].text)} uses ${min(used & open_)}, '
                    'which an earlier build changes'
                )
            found |= used
            if steps[at].kind == SETUP and at not in owned:
                left -= done[at].sure
    changed = {name for index in builds for name in done[index].assigned} - found
    seen = _seen([*before, *steps], steps[builds[0] :], functions, changed)
    return frozenset(name for name in changed - seen if not environment(name))


def _seen(
    every: Sequence[Step], built: Sequence[Step], functions: Functions, names: Collection[str]
) -> set[str]:
    """Those of the variables that programs, or scripts that are read in, may see.

    `built` are the steps of `every` from the first build on.
    """
    open_ = names if reads_in(built, functions) else ()
    return exported(every, names) | passed(every) | {*open_}


def check_loop(
    before: Sequence[Step],
    inner: Sequence[Step],
    loop: For,
    functions: Functions,
    environment: Callable[[str], bool],
) -> frozenset[str]:
    """Raises Refusal where an iteration uses what the one before it has assigned.

    Returns what the proof need not compare, as `check_builds` does; `inner` are
    the steps of the loop's body.
    """
    found: Effects = effects(loop.body, functions)
    unknown = frozenset[str]().union(*(step.met.unknown for step in inner))
    used = found.used & found.assigned - {loop.name}
    carried = used & (unknown | found.counted)
    if carried:
        raise Refusal(
            f'the loop over ${loop.name} carries ${min(carried)} from one iteration to the next'
        )
    changed = found.assigned - used
    seen = _seen([*before, *inner], inner, functions, changed)
    return frozenset(name for name in changed - seen if not environment(name))
