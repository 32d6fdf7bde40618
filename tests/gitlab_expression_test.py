from __future__ import annotations

import pytest

from kaniko_hooks.ci.gitlab.expression import InvalidExpression, is_true, matches

KNOWN = {'A': 'a', 'EMPTY': '', 'BRANCH': 'release/1.2', 'PATTERN': '/^rel/', 'WORD': 'rel'}


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
        '()',
        '(' * 60 + '$A' + ')' * 60,
    ),
)
def test_no_expression(text: str) -> None:
    with pytest.raises(InvalidExpression):
        is_true(text, KNOWN.get)


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
        ('$A && $NONE', False),
        ('$A || $NONE', True),
        ('$NONE || $A && $NONE', False),
        ('($A || $NONE) && $NONE', False),
        ('$A == "a" && $BRANCH =~ /1/ || $NONE', True),
        ('  $A  ', True),
        ('$[[ inputs.x ]] == "b"', True),
        ('$[[inputs.y]] == null', True),
        ('$NONE == null && ($A == "b" || $A == "a")', True),
        ('nullx', None),
    ),
)
def test_truth(text: str, expected: bool | None) -> None:
    if expected is None:
        with pytest.raises(InvalidExpression):
            is_true(text, KNOWN.get)
    else:
        assert is_true(text, KNOWN.get, {'x': 'b'}.get) is expected


@pytest.mark.parametrize(
    ('pattern', 'text', 'expected'),
    (
        ('^a$', 'a', True),
        ('^a$', 'b', False),
        ('(', 'a', None),
        ('(?<n>a)', 'a', True),
        ('\\Aa\\z', 'a', True),
        ('a{99999999999}', 'a', None),
    ),
)
def test_patterns(pattern: str, text: str, expected: bool | None) -> None:
    assert matches(pattern, text) is expected


def test_patterns_that_would_take_for_ever() -> None:
    assert matches('^(a+)+$', 'a' * 40 + 'b') is False
    assert matches('^a*a*a*a*a*a*$', 'a' * 4000 + 'b', unsure=True) is True
    assert matches('^a+$', 'a' * 4000 + 'b', unsure=True) is True
