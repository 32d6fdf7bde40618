from __future__ import annotations

import pytest

from kaniko_hooks.ci.circleci import conditions as circleci_conditions
from kaniko_hooks.ci.circleci.parameters import Scope
from kaniko_hooks.ci.github import conditions as github_conditions
from kaniko_hooks.ci.github.expressions import Context
from kaniko_hooks.document.compose import compose
from kaniko_hooks.model import Comparison, Group, Place
from tests.other_ci import shown

IN_WORKFLOW = Context({}, {'inputs.known': ('Yes',)})
IN_ACTION = IN_WORKFLOW._replace(calls=(Place('a.yml', 7),))


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        (None, 'True'),
        ('true', 'True'),
        ('false', 'False'),
        ('${{ false }}', 'False'),
        ('inputs.x && false', 'False'),
        ('inputs.x || true', 'True'),
        ('success()', 'None'),
        ('always()', 'None'),
        ('!failure()', 'None'),
        ('failure() && x', '(None and x?)'),
        ('inputs.x', 'inputs.x?'),
        ('${{ inputs.x }}', 'inputs.x?'),
        ('!inputs.x', 'not inputs.x?'),
        ('${{ !(inputs.x) }}', 'not inputs.x?'),
        ('!(!inputs.x)', 'inputs.x?'),
        ('(inputs.x)', 'inputs.x?'),
        ('(a) && (b)', '(a? and b?)'),
        ('inputs.x == true', 'inputs.x?'),
        ("inputs.x == 'false'", 'not inputs.x?'),
        ("inputs.x != ''", 'inputs.x?'),
        ('inputs.x != true', 'not inputs.x?'),
        ("inputs.x == 'A'", 'inputs.x == a'),
        ('matrix.x==3', 'matrix.x == 3'),
        ("Inputs.X != 'a'", 'not inputs.x == a'),
        ("!(inputs.x == 'a')", 'not inputs.x == a'),
        ("!inputs.x == 'a'", "!inputs.x == 'a'?"),
        ('inputs.x == inputs.y', 'inputs.x == inputs.y?'),
        ('inputs.x != inputs.y', 'not inputs.x == inputs.y?'),
        ("contains(inputs.x,  'a||b')", "contains(inputs.x, 'a||b')?"),
        ("!contains(inputs.x, 'a')", "not contains(inputs.x, 'a')?"),
        ("${{ inputs.x }} == 'a'", 'inputs.x == a'),
        ("${{ inputs.x }} && ${{ github.actor == 'y' }}", '(inputs.x? and github.actor == y)'),
        ('!a && !b', '(not a? and not b?)'),
        ('a  ||   b && c', '(a? or (b? and c?))'),
        ('(a || b) && c', '((a? or b?) and c?)'),
        ("startsWith(github.ref, 'refs/tags/V')", 'github.ref ^= refs/tags/v'),
        ("contains(github.ref, 'refs/tags/')", 'github.ref ^= refs/tags/'),
        ("contains(github.ref, 'tags')", "contains(github.ref, 'tags')?"),
        ("github.ref_type == 'tag'", 'github.ref ^= refs/tags/'),
        ("github.ref_type != 'branch'", 'github.ref ^= refs/tags/'),
        ("github.ref_type == 'x'", 'github.ref_type == x'),
        ("inputs.known == 'yes'", 'inputs.known == yes'),
        ('(' * 30 + 'a' + ')' * 30, f'{"(" * 20}a{")" * 20}?'),
        ('!' * 30 + 'a', 'None'),
        ('a' * 3_000, 'None'),
        (') a', ') a?'),
        ("a == 'b", "a == 'b?"),
    ),
)
def test_conditions_of_github(text: str | None, expected: str) -> None:
    assert shown(github_conditions.condition(text, IN_WORKFLOW).guard) == expected


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ("inputs.known == 'yes'", 'True'),
        ("inputs.known == 'no'", 'False'),
        ('inputs.known', 'a.yml:7 inputs.known?'),
        ('inputs.x == 3', 'a.yml:7 inputs.x == 3'),
        ("steps.a.outputs.b != 'c'", 'not a.yml:7 steps.a.outputs.b == c'),
        ("startsWith(inputs.x, 'y')", 'a.yml:7 inputs.x ^= y'),
        ('github.sha == inputs.x', 'a.yml:7 github.sha == inputs.x?'),
        ('github.ref', 'github.ref?'),
    ),
)
def test_conditions_in_a_called_action(text: str, expected: str) -> None:
    assert shown(github_conditions.condition(text, IN_ACTION).guard) == expected


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('true', False),
        ('inputs.x', False),
        ('success()', False),
        ('always()', True),
        ('${{ !cancelled() }}', True),
        ('failure() && inputs.x', True),
    ),
)
def test_whether_a_step_runs_after_a_failure(text: str, expected: bool) -> None:
    assert github_conditions.condition(text, IN_WORKFLOW).always is expected


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('env.x', False),
        ("env.x == 'y'", False),
        ("runner.os == 'Linux'", False),
        ("hashFiles('x') == ''", False),
        ("contains(env.x, 'github.')", False),
        ("startsWith(env.x, 'y')", False),
        ('github.ref == env.x', False),
        ("github.ref == 'x'", True),
        ("steps.a.outputs.b == 'c'", True),
        ("contains(fromJSON(inputs.x), 'env.y')", True),
        ("startsWith(github.ref, 'y')", True),
        ("x == ''", True),
    ),
)
def test_what_a_step_in_between_may_change(text: str, expected: bool) -> None:
    guard = github_conditions.condition(text, IN_WORKFLOW).guard
    if isinstance(guard, Group):
        (guard,) = guard.parts
    assert isinstance(guard, Comparison)
    assert guard.fixed is expected


SCOPE = Scope({}, {'parameters.on': ('true',), 'parameters.two': ('a', 'b')})


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('""', 'False'),
        ('true', 'True'),
        ('<< parameters.on >>', 'True'),
        ('{not: << parameters.on >>}', 'False'),
        ('<< parameters.p >>', '<<parameters.p>>?'),
        ('<< parameters.two >>', '<<parameters.two>>?'),
        ('{not: << parameters.p >>}', 'not <<parameters.p>>?'),
        ('{not: {not: <<parameters.p>>}}', '<<parameters.p>>?'),
        ('{and: [<< parameters.on >>, << parameters.p >>]}', '<<parameters.p>>?'),
        (
            '{and: [<< pipeline.x >>, << parameters.p >>]}',
            '(<<pipeline.x>>? and <<parameters.p>>?)',
        ),
        ('{or: [<< parameters.on >>, << parameters.p >>]}', 'True'),
        (
            '{or: [{not: << pipeline.x >>}, << parameters.p >>]}',
            '(not <<pipeline.x>>? or <<parameters.p>>?)',
        ),
        ('<< pipeline.x == "y" >>', '<<pipeline.x>> == y'),
        ('pipeline.x != "y z"', 'not <<pipeline.x>> == y z'),
        ('<< pipeline.n == 1 and pipeline.x != "" >>', '(<<pipeline.n>> == 1 and <<pipeline.x>>?)'),
        ('pipeline.x == "y" or not pipeline.z', '(<<pipeline.x>> == y or not <<pipeline.z>>?)'),
        ('not parameters.on', 'False'),
        ('not not  pipeline.x == "y"', '<<pipeline.x>> == y'),
        ('parameters.on == false', 'False'),
        ('(pipeline.x == "y") and pipeline.z', '<<(pipeline.x=="y")andpipeline.z>>?'),
        ('pipeline.x starts-with "y"', '<<pipeline.xstarts-with"y">>?'),
        ('{equal: [x, x]}', 'True'),
        ('{equal: [x, y]}', 'False'),
        ('{equal: [x, << pipeline.git.branch >>]}', '<<pipeline.git.branch>> == x'),
        ('{equal: [<< pipeline.git.branch >>, true]}', '<<pipeline.git.branch>>?'),
        ('{equal: [<< pipeline.a >>, << pipeline.b >>]}', 'equal <<pipeline.a>> <<pipeline.b>>?'),
        ('{equal: [<< pipeline.a >>, << pipeline.a >>]}', 'True'),
        ('{equal: [[x], [y]]}', 'equal:x,y?'),
        (
            '{matches: {pattern: "^v", value: << pipeline.git.tag >>}}',
            'matches:pattern:^v,value:<<pipeline.git.tag>>?',
        ),
        ('{not: {and: [{or: [{not: x}]}]}}', 'not not:x?'),
        ('&c {or: [*c, *c]}', 'None'),
        ('{x: {y: {z: {a: b}}}}', 'x:y:z:a:b?'),
        ('{x: {y: {z: {a: {b: c}}}}}', 'None'),
        ('{}', '?'),
    ),
)
def test_conditions_of_circleci(text: str, expected: str) -> None:
    (node,) = compose(text, 'x.yml')
    assert shown(circleci_conditions.condition(node, SCOPE)) == expected


def test_parameters_of_a_command_are_those_of_its_call() -> None:
    (node,) = compose('{and: [<< parameters.p >>, << pipeline.x >>]}', 'x.yml')
    guard = circleci_conditions.condition(
        node, SCOPE._replace(calls=(Place('a.yml', 7), Place('b.yml', 8)))
    )
    assert shown(guard) == '(a.yml:7 b.yml:8 <<parameters.p>>? and <<pipeline.x>>?)'
