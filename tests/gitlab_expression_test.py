from __future__ import annotations

import pytest

from kaniko_hooks.ci.gitlab.expression import holds

VARIABLES = {
    'A': 'a',
    'EMPTY': '',
    'BRANCH': 'release/1.2',
    'PATTERN': '/^rel/',
    'WORD': 'rel',
    'LONG': 'a' * 40 + 'b',
}


@pytest.mark.parametrize(
    'text',
    (
        '',
        '$',
        'A',
        '$A ==',
        '== $A',
        '($A',
        '$A)',
        '$A $B',
        '"a',
        '/a',
        '$A = "a"',
        '$A("a")',
        '()',
        '(' * 60 + '$A' + ')' * 60,
    ),
)
def test_no_expression(text: str) -> None:
    assert holds(text, VARIABLES) is None


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('$A', True),
        ('$EMPTY', False),
        ('$NONE', False),
        ('null', False),
        ('"a"', True),
        ('$A == "a"', True),
        ("$A == 'b'", False),
        ('$A != "b"', True),
        ('$NONE == null', True),
        ('$EMPTY == null', False),
        ('$EMPTY == ""', True),
        ('"a" == $A', True),
        ('$A == $A', True),
        ('$BRANCH =~ /^release\\//', True),
        ('$BRANCH =~ /^RELEASE/', False),
        ('$BRANCH =~ /^RELEASE/i', True),
        ('$BRANCH !~ /^release/', False),
        ('$NONE =~ /a/', False),
        ('$NONE !~ /a/', True),
        ('$A =~ /(/', False),
        ('$NONE =~ /^$/', True),
        ('$A =~ "b"', False),
        ('$A && $EMPTY', False),
        ('("b" && "c") == "b"', False),
        ('$NONE && $A', False),
        ('" "', False),
        ('$BRANCH =~ $PATTERN', True),
        ('$BRANCH =~ $WORD', False),
        ('$A =~ $NONE', False),
        ('$A =~ /a{99999999999}/', False),
        ('$LONG =~ /^(a+)+$/', False),
        ('$LONG =~ /a/', True),
        ('$A && $NONE', False),
        ('$A || $NONE', True),
        ('$NONE || $A && $NONE', False),
        ('($A || $NONE) && $NONE', False),
        ('$A == "a" && $BRANCH =~ /1/ || $NONE', True),
        ('  $A  ', True),
        ('$[[ inputs.x ]] == null', True),
        ('$NONE == null && ($A == "b" || $A == "a")', True),
        ('nullx', None),
    ),
)
def test_truth(text: str, expected: bool | None) -> None:
    assert holds(text, VARIABLES) is expected
