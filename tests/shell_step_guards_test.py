from __future__ import annotations

import pytest

from kaniko_hooks.model import AND, NOT, OR, Comparison, Group, Guard, Place, Reason
from tests.shell_sample import count, part, run

E = '/kaniko/executor --cache=true'
A = Comparison('x', 'a')
B = Comparison('x', 'b')
Y = Comparison('y', 'a')
SET = Comparison('env.x', 'a', fixed=False)
NOT_SET = Comparison('env.x', 'b', fixed=False)


def _not(guard: Guard) -> Group:
    return Group(NOT, (guard,))


def _and(*guards: Guard) -> Group:
    return Group(AND, guards)


def _or(*guards: Guard) -> Group:
    return Group(OR, guards)


def _begins(value: str) -> Comparison:
    return Comparison('x', value, prefix=True)


@pytest.mark.parametrize(
    ('guards', 'expected'),
    (
        pytest.param((A, A), 2, id='the same'),
        pytest.param((None, None), 2, id='nothing known'),
        pytest.param((A, None), 2, id='one known'),
        pytest.param((A, Y), 2, id='two subjects'),
        pytest.param((A, _not(B)), 2, id='one value, and not another'),
        pytest.param((_or(A, Y), B), 2, id='or something else'),
        pytest.param((_and(A, Y), _not(Comparison('y', 'b'))), 2, id='and something that may be'),
        pytest.param((_not(_and(A, Y)), A), 2, id='not both'),
        pytest.param((_and(A, None), A), 2, id='and something unknown'),
        pytest.param((_or(B, None), A), 2, id='or something unknown'),
        pytest.param((_not(None), A), 2, id='not something unknown'),
        pytest.param((_begins('re'), Comparison('x', 'refs')), 2, id='a prefix of the value'),
        pytest.param((_begins('re'), _begins('refs')), 2, id='a prefix of the other'),
        pytest.param((SET, True, NOT_SET), 3, id='a step that may set it'),
        pytest.param((SET, Y, NOT_SET), 3, id='a step with another guard that may set it'),
        pytest.param((False, A), 1, id='never'),
        pytest.param((A, B), 1, id='two values'),
        pytest.param((A, _not(A)), 1, id='opposites'),
        pytest.param((A, _not(A), A, _not(A)), 2, id='opposites twice'),
        pytest.param((A, Y, B), 2, id='another guard between'),
        pytest.param((A, True, B), 2, id='a step between'),
        pytest.param((_and(A, Y), B), 1, id='one of several'),
        pytest.param((_or(A, Comparison('x', 'c')), B), 1, id='several values'),
        pytest.param((_and(A, Y), _or(_not(A), _not(Y))), 1, id='opposites taken apart'),
        pytest.param((_begins('refs/tags/'), Comparison('x', 'refs/heads/main')), 1, id='prefix'),
        pytest.param((_begins('a'), _begins('b')), 1, id='two prefixes'),
        pytest.param((SET, NOT_SET), 1, id='neighbours'),
        pytest.param((_and(SET, None), NOT_SET), 1, id='neighbours, one of them open'),
        pytest.param((_and(SET, A), _not(_or(SET, A))), 1, id='neighbours, put together'),
        pytest.param([Comparison('x', str(index)) for index in range(100)], 1, id='many values'),
        pytest.param([Comparison('x', str(index)) for index in range(400)], 400, id='too many'),
        pytest.param(
            [_not(A), A, *(Comparison(str(index // 2), str(index)) for index in range(40))],
            37,
            id='too many subjects: the first ones count',
        ),
    ),
)
def test_parts_with_guards(guards: tuple[Guard, ...], expected: int) -> None:
    assert count(run(*(part(E, guard=guard) for guard in guards))) == expected


def test_the_calls_that_lead_to_a_part_are_reasons() -> None:
    outer, first, second = (Place('ci.yml', offset) for offset in (1, 2, 3))
    found = run(part(E)._replace(calls=(outer, first)), part(E)._replace(calls=(outer, second)))
    (execution,) = found.executions
    assert execution.times == 2
    assert execution.reasons == (Reason('call', first, 1), Reason('call', second, 1))
    assert set(execution.calls) == {outer, first, second}


def test_a_part_that_fails_where_its_guard_holds() -> None:
    failing = part('exit 1', guard=A)
    assert count(run(part(E), failing, part(E))) == 2
    assert count(run(part(E), failing, part(E, guard=A), part(E, guard=A))) == 1
