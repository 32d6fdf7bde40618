from __future__ import annotations

import pytest

from kaniko_hooks.model import MANY, Execution, Place, Reason, Run
from kaniko_hooks.reasons import because, brief
from tests.samples import CI, build


def reason(kind: str, line: int, times: int = MANY, file: str = CI) -> Reason:
    return Reason(kind, Place(file, line), times)


def run(*builds: tuple[int, tuple[Reason, ...]]) -> Run:
    """A run whose builds are executed so often, for these reasons."""
    return Run(
        2,
        'cached',
        tuple(
            Execution(build(CI, number, number, ''), times, reasons)
            for number, (times, reasons) in enumerate(builds)
        ),
        False,
    )


@pytest.mark.parametrize(
    ('given', 'expected'),
    (
        pytest.param(run(), '', id='no builds'),
        pytest.param(run((1, ()), (1, ())), '', id='each once'),
        pytest.param(run((1, (reason('call', 3, 1),)), (0, ())), '', id='called once'),
        pytest.param(
            run((3, (reason('loop', 12, 3),))),
            'the loop at line 12 runs it for each of 3 words',
            id='words',
        ),
        pytest.param(
            run((MANY, (reason('loop', 12),))),
            'the loop at line 12 runs it again and again',
            id='loop without end',
        ),
        pytest.param(
            run((2, (reason('retry', 7, 2),))),
            'retried at line 7 when the first attempt fails',
            id='retry',
        ),
        pytest.param(
            run((MANY, (reason('xargs', 7),))), 'xargs at line 7 runs it once per item', id='xargs'
        ),
        pytest.param(
            run((3, (reason('xargs', 7, 3),))), 'xargs at line 7 runs it 3 times', id='xargs words'
        ),
        pytest.param(
            run((MANY, (reason('find', 7),))), 'find at line 7 runs it once per item', id='find'
        ),
        pytest.param(
            run((2, (reason('call', 8, 1), reason('call', 9, 1)))),
            'called twice: lines 8 and 9',
            id='two calls',
        ),
        pytest.param(
            run((3, tuple(reason('call', line, 1) for line in (8, 9, 11)))),
            'called 3 times: lines 8, 9 and 11',
            id='three calls',
        ),
        pytest.param(
            run((2, (reason('call', 8, 2),))), 'called twice at line 8', id='one place of a call'
        ),
        pytest.param(
            run((3, (reason('loop', 4, 3), reason('call', 5, 1)))),
            'the loop at line 4 runs it for each of 3 words',
            id='a call in a loop',
        ),
        pytest.param(
            run((7, tuple(reason('call', line, 1) for line in range(1, 8)))),
            'called 7 times: lines 1, 2, 3, 4 and 3 more',
            id='many places of calls',
        ),
        pytest.param(
            run((1, ()), (1, (reason('retry', 7, 1),))),
            'retried at line 7 when the first attempt fails',
            id='another attempt',
        ),
        pytest.param(
            run((1, ()), (0, (reason('retry', 7, 1),))), '', id='an attempt of another run'
        ),
        pytest.param(
            run((4, (reason('call', 8, 2), reason('call', 9, 2)))),
            'called twice: lines 8 and 9',
            id='two calls that each count twice',
        ),
        pytest.param(
            run((MANY, (reason('call', 8),))), 'called many times at line 8', id='many calls'
        ),
        pytest.param(
            run((2, (reason('call', 8, 1), reason('call', 4, 1, 'lib.sh')))),
            'called twice: line 8 and line 4 of lib.sh',
            id='calls in two files',
        ),
        pytest.param(
            run((2, (reason('call', 8, 1, 'ci.yml'), reason('call', 9, 1, 'ci.yml')))),
            'called twice: lines 8 and 9 of ci.yml',
            id='calls in another file',
        ),
        pytest.param(
            run((6, (reason('loop', 2, 3, 'lib.sh'), reason('retry', 9, 2)))),
            'the loop at line 2 of lib.sh runs it for each of 3 words; '
            'retried at line 9 when the first attempt fails',
            id='two reasons',
        ),
        pytest.param(
            run((3, (reason('loop', 12, 3),)), (3, (reason('loop', 12, 3),))),
            'the loop at line 12 runs it for each of 3 words',
            id='two builds of one loop',
        ),
    ),
)
def test_because(given: Run, expected: str) -> None:
    assert because(given, lambda place: place.offset) == expected


def test_calls_in_one_line() -> None:
    given = run((2, (reason('call', 8, 1), reason('call', 9, 1))))
    assert because(given, lambda place: 4) == 'called twice at line 4'


@pytest.mark.parametrize(
    ('given', 'expected'),
    (
        (reason('loop', 1, 3), '3 times'),
        (reason('loop', 1), 'again and again'),
        (reason('find', 1), 'once per item'),
        (reason('retry', 1, 2), 'again when the first attempt fails'),
        (reason('call', 1, 1), 'called here'),
    ),
)
def test_brief(given: Reason, expected: str) -> None:
    assert brief(given) == expected
