from __future__ import annotations

import pytest

from kaniko_hooks import rule
from kaniko_hooks.model import (
    MANY,
    OFF,
    ON,
    Build,
    Command,
    Container,
    Execution,
    Finding,
    Flags,
    Place,
    Problem,
    Reason,
    Run,
    ScriptPart,
    Variable,
)

CI = '.gitlab-ci.yml'


def execution(offset: int, times: int = 1, cache: str = ON, file: str = CI) -> Execution:
    build = Build(Place(file, offset), Place(file, offset + 5), (), Flags(cache, False, ()))
    loop = (Reason('loop', Place(file, 1)),) if times > 1 else ()
    return Execution(build, times, loop)


def container(name: str = 'images', offset: int = 0, template: bool = False) -> Container:
    part = ScriptPart(
        (Command('x', CI, 5, lambda offset: 5 + offset),),
        {
            'FLAGS': Variable(('x',), (Place('variables.yml', 3),)),
            'OTHER': Variable(('y',), (Place('other.yml', 3),)),
        },
    )
    return Container(
        'gitlab-ci',
        name,
        Place(CI, offset),
        Variable(('x',), (Place('image.yml', 1),)),
        (part,),
        template,
        (Place('parent.yml', 4),),
    )


def run(verdict: str, *executions: Execution) -> Run:
    return Run(sum(each.times for each in executions), verdict, executions, False)


def findings(
    *judged: tuple[Container, Run], strict: bool = False, accepted: bool = False
) -> list[Finding]:
    return rule.findings(
        judged, strict, lambda container, run: accepted, lambda place: place.offset
    )


@pytest.mark.parametrize(
    'found',
    (
        pytest.param(findings((container(), run('ok', execution(10)))), id='one build'),
        pytest.param(
            findings((container(), run('uncached', execution(10, 2, OFF)))), id='uncached'
        ),
        pytest.param(
            findings((container(), run('cached', execution(10, 2))), accepted=True), id='accepted'
        ),
    ),
)
def test_noop(found: list[Finding]) -> None:
    assert found == []


@pytest.mark.parametrize(
    ('verdict', 'expected'),
    (('cached', rule.CACHED), ('maybe-cached', rule.CACHED), ('uncached', rule.UNCACHED)),
)
def test_rule_of_verdict(verdict: str, expected: str) -> None:
    (found,) = findings((container(), run(verdict, execution(10), execution(20))), strict=True)
    assert found.rule == expected
    assert found.place == Place(CI, 20)
    assert found.message.startswith('job images runs 2 Kaniko builds in one container, ')


@pytest.mark.parametrize(
    ('executions', 'place'),
    (
        pytest.param((execution(10, 2), execution(20)), 10, id='the first is run again'),
        pytest.param((execution(10, 0), execution(20), execution(30)), 30, id='other branch'),
        pytest.param((execution(10, MANY),), 10, id='loop'),
    ),
)
def test_place_is_the_second_build(executions: tuple[Execution, ...], place: int) -> None:
    (found,) = findings((container(), run('cached', *executions)))
    assert found.place == Place(CI, place)


def test_message_tells_why_it_is_many() -> None:
    (found,) = findings((container(), run('cached', execution(10, MANY))))
    assert found.message.startswith(
        'job images runs many Kaniko builds in one container '
        '(the loop at line 1 runs it again and again), with the cache on: '
    )


def test_same_builds_are_one_finding() -> None:
    shared = run('cached', execution(10), execution(20))
    (found,) = findings(
        (container('a'), shared), (container('b'), shared), (container('c'), shared)
    )
    assert [each.name for each in found.containers] == ['a', 'b', 'c']
    assert 'job a (and 2 more) runs' in found.message


def test_other_builds_are_other_findings() -> None:
    assert (
        len(
            findings(
                (container('a'), run('cached', execution(10), execution(20))),
                (container('b'), run('cached', execution(30), execution(40))),
            )
        )
        == 2
    )


def test_hidden_job_counts_only_where_no_visible_job_runs_its_builds() -> None:
    shared = run('cached', execution(10), execution(20))
    hidden = container('.images', template=True)
    (found,) = findings((hidden, shared), (container(), shared))
    assert [each.name for each in found.containers] == ['images']
    (found,) = findings((hidden, shared))
    assert found.message.startswith('hidden job .images runs')


def test_other_systems_have_node_paths() -> None:
    step = container('steps[0]')._replace(system='tekton')
    (found,) = findings((step, run('cached', execution(10), execution(20))))
    assert found.message.startswith('steps[0] runs 2 Kaniko builds in one container, ')


def test_every_place_involved_is_told() -> None:
    used = run('cached', execution(10), execution(20, file='ci/build.sh'))._replace(
        used_variables=frozenset(('FLAGS', 'CI_PROJECT_DIR')),
        used_image=True,
        scripts=('ci/build.sh',),
    )
    (found,) = findings((container(), used))
    assert {place.file for place in found.places} == {
        CI,
        'parent.yml',
        'variables.yml',
        'image.yml',
        'ci/build.sh',
    }
    imageless = container()._replace(image=None)
    (found,) = findings((imageless, used))
    assert 'image.yml' not in {place.file for place in found.places}


def test_unreadable_file_is_a_finding() -> None:
    place = Place(CI, 7)
    found = rule.unreadable(Problem(place, 'local file `x.yml` does not exist'))
    assert (found.rule, found.place) == (rule.UNREADABLE, place)
    assert found.places == frozenset((place,))
    assert found.message.startswith('local file `x.yml` does not exist, so ')


def test_message_follows_the_containers_that_are_left() -> None:
    shared = run('cached', execution(10), execution(20))
    (found,) = findings((container('a'), shared), (container('b'), shared))
    left = rule.reworded(found._replace(containers=found.containers[1:]), lambda place: 1)
    assert left.message.startswith('job b runs 2 Kaniko builds in one container, ')
    unread = rule.unreadable(Problem(Place(CI, 7), 'x'))
    assert rule.reworded(unread, lambda place: 1) == unread
