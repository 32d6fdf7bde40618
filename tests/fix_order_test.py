from __future__ import annotations

import pytest

from kaniko_hooks.fix.order import Planned, bases, needed, same_image
from kaniko_hooks.fix.script.trial import Met, Setting
from kaniko_hooks.model import Variable
from tests.fix_names_test import words

FILES = {
    'app/Dockerfile': 'FROM r.example.com/group/base:1\n',
    'web/Dockerfile': 'FROM nginx\n',
    'arg/Dockerfile': 'ARG BASE=nginx\nARG NAME\nFROM $BASE\nCOPY --from=r.io/$NAME:1 a b\n',
}


def order(
    *builds: str, texts: tuple[str, ...] = ('', ''), directory: str | None = ''
) -> list[list[int]]:
    setting = Setting(None, {'BASE': Variable(('$R/base:1',))}, FILES.get)
    return needed(
        [
            Planned(Met(tuple(words(*build.split())), frozenset(), directory), text)
            for build, text in zip(builds, texts)
        ],
        setting,
    )


@pytest.mark.parametrize(
    'second',
    (
        'executor -d ‹$R›/app',
        'executor -d ‹$R›/base-debug:1',
        'executor -d ‹$R›/base/sub:1',
        'executor -d ‹$R›/base:2',
        'executor -d ‹$R›/app --cache-repo ‹$R›/base',
        'executor -d ‹$R›/app --cache-repo=‹$R›/base',
        'executor -d ‹$R›/app --label from=x',
        'executor -d ‹$R›/app --context web',
        'executor -d ‹$R›/app --context missing',
        'executor -d ‹$R›/app --context ‹$X›',
        'executor -d ‹$1›',
    ),
)
def test_independent(second: str) -> None:
    assert order('executor -d ‹$R›/base:1 --digest-file a', second) == [[], []]


@pytest.mark.parametrize(
    'second',
    (
        'executor -d ‹$R›/base:1',
        'executor -d ‹${R}›/base:1',
        'executor -d ‹$R›/app --build-arg BASE=‹$R›/base:1',
        'executor -d ‹$R›/app --build-arg=BASE=‹$R›/base',
        'executor -d ‹$R›/app --digest-file a',
        'executor -d ‹$R›/app --context app',
        'executor -d ‹$R›/app --context ./app/ --dockerfile Dockerfile',
        'executor -d ‹$R›/app --dockerfile ‹$CI_PROJECT_DIR›/app/Dockerfile',
        'executor -d ‹$R›/app --context dir://‹$CI_PROJECT_DIR›/app',
    ),
)
def test_dependent(second: str) -> None:
    assert order('executor -d ‹$R›/base:1 --digest-file a', second) == [[], [0]]


@pytest.mark.parametrize(
    ('directory', 'second', 'expected'),
    (
        ('app', 'executor -d ‹$R›/app', [0]),
        ('app', 'executor -d ‹$R›/app --context .', [0]),
        ('app', 'executor -d ‹$R›/app --context ../web', [0]),  # the path is first tried as it is
        ('web', 'executor -d ‹$R›/app --context ../app', []),
        ('lib', 'executor -d ‹$R›/app --context ../app', [0]),
        ('lib', 'executor -d ‹$R›/app --context ../../app', []),
        (
            'web',
            'executor -d ‹$R›/app --context ‹$CI_PROJECT_DIR›/app --dockerfile ../app/Dockerfile',
            [0],
        ),
        ('lib', 'executor -d ‹$R›/app --context ‹$CI_PROJECT_DIR›/app', [0]),
        (
            'lib',
            'executor -d ‹$R›/app --context dir://‹$CI_PROJECT_DIR› --context-sub-path app',
            [0],
        ),
        ('lib', 'executor -d ‹$R›/app --context ‹$CI_PROJECT_DIR› --context-sub-path app', []),
        ('lib', 'executor -d ‹$R›/app --context /app', []),
        (None, 'executor -d ‹$R›/app --context app', [0]),
    ),
)
def test_where_the_dockerfile_is(directory: str | None, second: str, expected: list[int]) -> None:
    assert order('executor -d ‹$R›/base:1', second, directory=directory) == [[], expected]


@pytest.mark.parametrize(
    ('given', 'expected'),
    (
        ('', []),
        ('--build-arg BASE=x', []),
        ('--build-arg BASE', [0]),
        ('--build-arg=BASE', [0]),
        ('--build-arg NAME=base', [0]),
        ('--build-arg NAME', []),
        ('--build-arg OTHER', []),
    ),
)
def test_what_a_build_gives_to_its_dockerfile(given: str, expected: list[int]) -> None:
    second = f'executor -d ‹$R›/arg --context arg {given}'
    assert order('executor -d ‹$R›/base:1', second) == [[], expected]


def test_a_dockerfile_that_the_script_writes() -> None:
    text = 'echo "from --platform=linux/amd64 ${R}/base:1" > Dockerfile'
    assert order('executor -d ‹$R›/base:1', 'executor -d x', texts=('', text)) == [[], [0]]


def test_an_argument_of_a_function_tells_nothing() -> None:
    assert order('executor -d ‹$1›', 'executor -d ‹$1›') == [[], []]


@pytest.mark.parametrize(
    ('destination', 'base', 'expected'),
    (
        ('$R/node', 'node', False),
        ('$R', 'node', False),
        ('$R', '$R', True),
        ('r/a', 'r/b', False),
        ('r/a:1', 'r/a:2', True),
        ('r:5000/a', 'r:5000/a@sha256:1', True),
        ('$R/a', 'registry/x/a:1', True),
        ('$R/a', '$OTHER/a', True),
        ('$R/a', '$OTHER/b', False),
        ('$R/a', '$BASE', False),
        ('registry/x/a', '$OTHER/a', True),
        ('registry/x/a', '$BASE', False),
        ('registry/x/a', '$OTHER/b', False),
    ),
)
def test_same_image(destination: str, base: str, expected: bool) -> None:
    assert same_image(destination, base) is expected


def test_bases() -> None:
    text = (
        '# FROM comment\nARG REG="r/x"\nARG NONE\nFROM ${REG}/a:1 AS one\nFROM one\n'
        'COPY --from=0 a b\nCOPY --chown=x --from=$NONE/b a b\nFROM ${TAG:-c} \nADD --from=d a b\n'
    )
    assert list(bases(text, {})) == ['r/x/a:1', '$NONE/b', 'c', 'd']
    assert list(bases(text, {'REG': 'r/y', 'NONE': 'n'})) == ['r/y/a:1', 'n/b', 'c', 'd']
