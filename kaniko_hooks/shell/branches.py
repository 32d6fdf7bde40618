"""`if`, `case` and `[[ … ]]`."""

from __future__ import annotations

from kaniko_hooks.shell import conditionals, expand
from kaniko_hooks.shell.env import Flow, Scope, State, by_success, merged
from kaniko_hooks.shell.tree import Case, CaseArm, If, Test, Word
from kaniko_hooks.text import Text, hole


def if_(scope: Scope, state: State, node: If) -> Flow:
    """`if`: the first arm whose condition succeeds, or `else`."""
    flow = Flow()
    tested = scope._replace(tested=True)
    pending = [state]
    for arm in node.arms:
        condition = scope.ev.statements(tested, pending, arm.condition)
        flow.leaving += condition.leaving
        succeeding, pending = by_success(condition.normal)
        flow.add(scope.ev.statements(scope, succeeding, arm.body))
    if node.otherwise:
        flow.add(scope.ev.statements(scope, pending, node.otherwise))
    else:
        flow.normal += [way.with_status(True) for way in pending]
    return flow


def case(scope: Scope, state: State, node: Case) -> Flow:
    """`case`: the first arm with a pattern that matches; `;&` and `;;&` go on."""
    return Flow.union(
        _arms(scope, way, subject, node) for way, subject in expand.text(scope, state, node.word)
    )


def _arms(scope: Scope, state: State, subject: Text, node: Case) -> Flow:
    flow = Flow()
    # Each arm knows that the others before failed.
    scope.ev.spend(sum(len(arm.patterns) for arm in node.arms) ** 2 // 40)
    pending = [state.with_status(True)]
    falling: list[State] = []
    for arm in node.arms:
        matching, pending = _matching(scope, pending, subject, arm)
        matching += falling
        falling = []
        body = scope.ev.statements(scope, merged(scope, matching), arm.body)
        flow.leaving += body.leaving
        if arm.terminator == ';&':
            falling = body.normal
        elif arm.terminator == ';;&':
            pending = [*pending, *body.normal]
        else:
            flow.normal += body.normal
    flow.normal += [*pending, *falling]
    return flow


def _matching(
    scope: Scope, states: list[State], subject: Text, arm: CaseArm
) -> tuple[list[State], list[State]]:
    """The states in which a pattern of the arm matches, and the others."""
    matching: list[State] = []
    for word in arm.patterns:
        rest: list[State] = []
        for state in states:
            for way, parts in expand.parts_of(scope, state, word.pieces):
                cond = None if scope.ev.ignores_case else expand.matching(subject, parts)
                holds, fails = scope.ev.split(way, cond)
                matching += holds
                rest += fails
        states = rest
    return matching, states


def test(scope: Scope, state: State, node: Test) -> Flow:
    """`[[ … ]]`."""
    ways: list[tuple[State, tuple[conditionals.Operand, ...]]] = [(state, ())]
    unknown = conditionals.Operand(hole(''), (expand.Part(hole(''), True),))
    for word in node.words:
        ways = expand.extended(scope, ways, _operand, word, unknown)
    flow = Flow()
    for way, operands in ways:
        cond = conditionals.condition(operands, way.env.moment(), '||', '&&')
        flow.normal += scope.ev.by_status(way, None if scope.ev.ignores_case else cond)
    return flow


def _operand(
    scope: Scope, state: State, word: Word
) -> list[tuple[State, tuple[conditionals.Operand, ...]]]:
    return [
        (after, (conditionals.Operand(expand.joined(parts), parts),))
        for after, parts in expand.parts_of(scope, state, word.pieces)
    ]
