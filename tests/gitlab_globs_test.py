from __future__ import annotations

import pytest

from kaniko_hooks.ci.gitlab.globs import exists, folder_of, included

FILES = ('.a.yml', 'Dockerfile', 'a.yml', 'ci/a.yml', 'ci/b.yaml', 'ci/sub/c.yml', 'x[1].yml')


@pytest.mark.parametrize(
    ('pattern', 'expected'),
    (
        ('*.txt', []),
        ('?.yml', []),
        ('/ci/*.yml', []),
        ('ci', []),
        ('*' * 40, []),
        ('*.yml', ['.a.yml', 'a.yml', 'x[1].yml']),
        ('ci/*', ['ci/a.yml', 'ci/b.yaml']),
        ('ci/**.yml', ['ci/a.yml', 'ci/sub/c.yml']),
        ('ci/**/*.yml', ['ci/sub/c.yml']),
        ('**/c.*', ['ci/sub/c.yml']),
        ('x[1]*', ['x[1].yml']),
    ),
)
def test_included(pattern: str, expected: list[str]) -> None:
    assert included(pattern, FILES) == expected


@pytest.mark.parametrize(
    ('pattern', 'expected'),
    (
        ('*.txt', False),
        ('ci/?', False),
        ('[b-z].yml', False),
        ('[!a].yml', False),
        ('ci/{x,y}.yml', False),
        ('[z-a].yml', False),
        ('*/c.yml', False),
        ('[', False),
        ('ci/?.yml', True),
        ('[ab].yml', True),
        ('[!b].yml', True),
        ('ci/{a,z}.yml', True),
        ('**/c.yml', True),
        ('**/a.yml', True),
        ('*.y{a,}ml', True),
        ('ci/**/c.yml', True),
        ('**.yml', True),
        ('ci/*.y[a]ml', True),
    ),
)
def test_exists(pattern: str, expected: bool) -> None:
    assert exists(pattern, FILES) is expected


@pytest.mark.parametrize(
    ('pattern', 'expected'),
    (
        ('Dockerfile', None),
        ('ci/a.yml', None),
        ('*.yml', ''),
        ('ci/a?.yml', 'ci'),
        ('a/b/**/c', 'a/b'),
        ('{a,b}/c', ''),
        ('a/b[12]/c', 'a'),
    ),
)
def test_folder_of(pattern: str, expected: str | None) -> None:
    assert folder_of(pattern) == expected
