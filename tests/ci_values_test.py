from __future__ import annotations

import pytest

from kaniko_hooks.ci.values import (
    File,
    argv_part,
    commands,
    folder_in,
    named_values,
    prefixes,
    shebang,
    shell_of,
    variable,
)
from kaniko_hooks.document.compose import compose
from kaniko_hooks.document.fields import fields
from kaniko_hooks.document.nodes import text_of
from kaniko_hooks.model import ARGUMENTS, ARGV, Place, Variable


def _file(text: str) -> File:
    return File('a.yaml', text)


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('{a: b}', []),
        ('~', []),
        ('[~, null, {a: b}]', []),
        ('""', ['']),
        ('a', ['a']),
        ('[a, [b, [c]], {d: e}, "~"]', ['a', 'b', 'c', '~']),
        ('&a [*a, b]', ['b'] * 10),
    ),
)
def test_commands_of_a_scalar_or_a_list(text: str, expected: list[str]) -> None:
    found = commands(_file(text), compose(text, 'a.yaml')[0])
    assert [command.text for command in found][: len(expected) or 1] == expected


def test_commands_that_explode_are_capped() -> None:
    text = 'x: &x [a, a, a]\ny: &y [*x, *x, *x]\n' + ''.join(
        f'y{level}: &y{level} [{", ".join([f"*y{level - 1}" if level else "*y"] * 9)}]\n'
        for level in range(6)
    )
    node = fields(compose(text, 'a.yaml')[0])['y5'].value
    assert 2_000 < len(commands(_file(text), node)) < 20_000


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('a', []),
        ('[[a]]', []),
        ('{a: b, c: {d: e}, f: true}', [('a', 'b', 1), ('c', None, 7), ('f', 'true', 18)]),
        ('[a=b, c, d==]', [('a', 'b', 1), ('c', None, 6), ('d', '=', 9)]),
        (
            '[{value: b, name: a}, {name: c, valueFrom: {}}, {value: d}]',
            [('a', 'b', 12), ('c', None, 23)],
        ),
        ('[a: b, {c: d, e: [f]}, [g]]', [('a', 'b', 1), ('c', 'd', 8), ('e', None, 14)]),
    ),
)
def test_variables_in_any_notation(text: str, expected: list[tuple[str, str | None, int]]) -> None:
    found = named_values(compose(text, 'a.yaml')[0])
    assert [(name, text_of(value), start) for name, value, start in found] == expected


@pytest.mark.parametrize(
    ('texts', 'values', 'expand'),
    (
        ((), (), False),
        (('a $b', 'c'), ('a $b', 'c'), False),
        (('${{ a }}',), (), False),
        (('a', '<< b.c >>'), (), False),
        (('$x ${{ a.b }}-{{c}}',), ('$$x ${a_b}-${c}',), True),
        (('${{ a }}${{ b }}',), ('${a}${b}',), True),
        (('$(1)$(date) <<b>> $$',), ('${_1}${date} ${b} $$$$',), True),
        (('$(=)-',), ('${_}-',), True),
    ),
)
def test_a_variable_with_unknown_pieces(
    texts: tuple[str, ...], values: tuple[str, ...], expand: bool
) -> None:
    place = Place('a.yaml', 1)
    assert variable(texts, place) == Variable(values, (place,), expand)


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('', ''),
        ('env', ''),
        ('bash', 'bash'),
        ('/bin/sh -e', 'sh'),
        ('/busybox/sh -e', 'sh'),
        ('/bin/busybox sh', 'sh'),
        ('/usr/bin/env bash', 'bash'),
        ('busybox', 'busybox'),
        ('/usr/bin/env -S python3', '-S'),
        ('python3 {0}', 'python3'),
        ('nix run x -c bash', 'bash'),
    ),
)
def test_the_shell_of_an_interpreter(text: str, expected: str) -> None:
    assert shell_of(text) == expected


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('echo a', None),
        ('# a\n#!/bin/sh', None),
        ('#!/bin/bash\na', 'bash'),
        ('#! /usr/bin/env python3\na', 'python3'),
        ('\n  #!/busybox/sh', 'sh'),
    ),
)
def test_the_shebang_of_a_script(text: str, expected: str | None) -> None:
    assert shebang(text) == expected


@pytest.mark.parametrize(
    ('directory', 'relative', 'expected'),
    (
        ('', None, ''),
        ('a', '', 'a'),
        (None, 'a', None),
        (None, None, None),
        ('', '.', ''),
        ('a', '..', ''),
        ('a', './b/', 'a/b'),
        ('a', '../..', None),
        ('', '/a', None),
        ('', '$A', None),
        ('', '{{a}}', None),
        ('', '<< a >>', None),
    ),
)
def test_folders_of_the_repository(
    directory: str | None, relative: str | None, expected: str | None
) -> None:
    assert folder_in(directory, relative) == expected


@pytest.mark.parametrize(
    ('text', 'expected'),
    (('a: b', ['']), ('a: b\n---\n', ['', '']), ('---\na: b\n---\n- c', ['doc[0].', 'doc[1].'])),
)
def test_several_documents_are_told_apart(text: str, expected: list[str]) -> None:
    assert prefixes(compose(text, 'a.yaml')) == expected


@pytest.mark.parametrize(
    ('text', 'expected'),
    (
        ('{a: b}', None),
        ('{args: []}', None),
        ('{command: [a]}', (ARGV, ['a'])),
        ('{command: a, args: [b]}', (ARGV, ['a', 'b'])),
        ('{args: [b, c]}', (ARGUMENTS, ['b', 'c'])),
    ),
)
def test_an_argv(text: str, expected: tuple[str, list[str]] | None) -> None:
    found = fields(compose(text, 'a.yaml')[0])
    command, args = found.get('command'), found.get('args')
    part = argv_part(
        commands(_file(text), command.value if command else None),
        commands(_file(text), args.value if args else None),
        args,
        {},
        '',
    )
    assert (part and (part.form, [command.text for command in part.commands])) == expected


def test_the_build_of_arguments_alone_stands_at_their_key() -> None:
    text = 'args:\n- --a\n- --b'
    args = fields(compose(text, 'a.yaml')[0])['args']
    part = argv_part((), commands(_file(text), args.value), args, {}, '')
    assert part is not None
    assert [(command.offset, command.locate(1)) for command in part.commands] == [(0, 0), (14, 15)]
