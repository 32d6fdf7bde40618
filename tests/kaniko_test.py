from __future__ import annotations

import pytest

from kaniko_hooks.kaniko import cleans_up, read_build
from kaniko_hooks.model import Field, Flags
from kaniko_hooks.text import Text, concat, hole

NO_VARIABLES: tuple[str, ...] = ()
FORK = 'ghcr.io/osscontainertools/kaniko:v1.28.3'


def _text(text: str) -> Text:
    """A text of which what follows a `$` is unknown."""
    prefix, dollar, unknown = text.partition('$')
    return concat((Text(prefix), hole(unknown, f'${unknown}'))) if dollar else Text(prefix)


def _field(text: str) -> Field:
    """A field, not quoted if it is unknown from the beginning."""
    return Field(_text(text), text.startswith('$'))


def _read(command: str, image: str | None = None, variables: tuple[str, ...] = ()) -> Flags | None:
    fields = [_field(text) for text in command.split(' ')]
    return read_build(fields, image, variables.__contains__)


def _cache(arguments: str) -> str | None:
    flags = _read(f'/kaniko/executor {arguments}')
    return flags and flags.cache


@pytest.mark.parametrize(
    'command',
    (
        'executor',
        'executor --threads 4',
        'executor --cache --force -d x',
        '/usr/bin/executor run',
        '/kaniko/warmer --destination x',
        'executor.sh --destination x',
        '/opt/$DIR --no-push',
        '/kaniko',
        'kaniko -d x',
    ),
)
def test_other_programs(command: str) -> None:
    assert _read(command) is None


@pytest.mark.parametrize(
    'arguments',
    (
        '--cache true',
        '--cache false',
        '--cache=',
        '--cache=yes',
        '--cache=on',
        '--cache=tRUE',
        '--force=maybe',
        'version',
        'help',
        'completion bash',
        'login registry',
        'push x',
        '--help',
        '-h',
        '-d x -h',
        '--dryrun',
        '--dryrun=true -d x',
        '--cache=true version',
        '--destination=x stray',
        'foo$X',
    ),
)
def test_builds_nothing(arguments: str) -> None:
    assert _cache(arguments) is None


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    (
        ('--cache', 'on'),
        ('--cache=true', 'on'),
        ('--cache=True', 'on'),
        ('--cache=TRUE', 'on'),
        ('--cache=t', 'on'),
        ('--cache=T', 'on'),
        ('--cache=1', 'on'),
        ('-d x', 'off'),
        ('--cache=false', 'off'),
        ('--cache=F', 'off'),
        ('--cache=0', 'off'),
        ('-cache=true', 'off'),
        ('-- stray', 'off'),
        ('-', 'off'),
        ('--cache=true --cache=false', 'off'),
        ('--cache=false --cache', 'on'),
        ('--cache-repo=x --cache-copy-layers --cache-ttl 1h --cache-dir d', 'off'),
        ('-d --cache', 'off'),
        ('--destination --cache', 'off'),
        ('-c --cache -d x', 'off'),
        ('--cache=$X', 'unknown'),
        ('--cache=tr$X', 'unknown'),
        ('--cache=$X --cache=false', 'off'),
        ('$X -d y', 'unknown'),
        ('$X --cache=true', 'on'),
        ('--cache $X', 'unknown'),
        ('-d $X --context=$Y --build-arg $Z', 'off'),
        ('--force=$X', 'off'),
        ('--new-flag value -d x', 'off'),
        ('--new-flag=value -d x', 'off'),
        ('-x value', 'off'),
        ('--no-cache --cach --Cache', 'off'),
        ('bake file', 'off'),
        ('--dryrun=false', 'off'),
        ('--dryrun=$X', 'off'),
        ('-d', 'off'),
        ('--destination', 'off'),
        (' -d x', 'off'),
        ('--context ./app --cache', 'on'),
        ('--ca$X', 'unknown'),
        ('--ca$X value', 'unknown'),
    ),
)
def test_cache(arguments: str, expected: str) -> None:
    assert _cache(arguments) == expected


def test_word_after_an_unknown_list_may_be_a_value() -> None:
    argv = [_field('/kaniko/executor'), _field('$X'), _field('value')]
    flags = read_build(argv, None, NO_VARIABLES.__contains__)
    assert flags and flags.cache == 'unknown'


@pytest.mark.parametrize(
    'command',
    (
        '/kaniko/executor',
        '/opt/kaniko/bin/executor -d x',
        '$ROOT/kaniko/executor',
        'kaniko/executor',
        'kaniko-executor -c .',
        './kaniko-executor',
        'executor --destination=x',
        'kaniko --dockerfile D',
        '/usr/bin/executor --snapshot-mode redo',
    ),
)
def test_executor_by_path_or_flag(command: str) -> None:
    if command.startswith('$'):
        argv = [Field(concat((hole('ROOT'), Text('/kaniko/executor'))))]
        assert read_build(argv, None, NO_VARIABLES.__contains__) is not None
    else:
        assert _read(command) is not None


@pytest.mark.parametrize(
    ('image', 'expected'),
    (
        (None, False),
        ('alpine:3', False),
        ('gcr.io/kaniko-project/executor:debug', True),
        ('cgr.dev/chainguard/kaniko', True),
    ),
)
def test_executor_by_image(image: str | None, expected: bool) -> None:
    assert (_read('executor -d x', image) is not None) is expected


@pytest.mark.parametrize(
    ('image', 'expected'),
    (
        (None, False),
        ('alpine', False),
        ('gcr.io/kaniko-project/executor:v1', True),
        ('gcr.io/kaniko-project/warmer:v1', False),
        ('martizih/kaniko:warmer', False),
        ('cgr.dev/x/kaniko-warmer-fips', False),
        ('mirror/kaniko:v1-slim', True),
    ),
)
def test_entrypoint_of_an_image(image: str | None, expected: bool) -> None:
    flags = read_build([Field(Text('')), _field('--cache')], image, NO_VARIABLES.__contains__)
    assert (flags is not None) is expected


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    (
        ('-d a -da/b --destination=c --destination d -d=e', ('a', 'a/b', 'c', 'd', 'e')),
        ('-f D -c . -b x -v info', ()),
        ('--target=a', ()),
    ),
)
def test_destinations(arguments: str, expected: tuple[str, ...]) -> None:
    flags = _read(f'/kaniko/executor {arguments}')
    assert flags and flags.destinations == expected


@pytest.mark.parametrize(
    ('arguments', 'image', 'variables', 'expected'),
    (
        ('-d x', None, (), False),
        ('--cleanup', None, (), True),
        ('--cleanup=false', FORK, (), False),
        ('--cleanup=$X', FORK, (), False),
        ('-d x', FORK, (), False),
        ('--cleanup', FORK, ('FF_KANIKO_CLEAN_KANIKO_DIR',), False),
    ),
)
def test_cleanup(
    arguments: str, image: str | None, variables: tuple[str, ...], expected: bool
) -> None:
    flags = _read(f'/kaniko/executor {arguments}', image, variables)
    assert flags and flags.cleanup is expected


@pytest.mark.parametrize(
    ('image', 'expected'),
    (
        (None, False),
        ('$IMAGE', False),
        ('gcr.io/kaniko-project/executor:v1.27.0', False),
        ('ghcr.io/osscontainertools/kaniko', False),
        ('ghcr.io/osscontainertools/kaniko:latest', False),
        ('ghcr.io/osscontainertools/kaniko:v1.26.6', False),
        ('x.test/martizih/kaniko:v1.28.0', False),
        ('ghcr.io/osscontainertools/kaniko:v1.27.0', True),
        (FORK + '-debug', True),
        ('martizih/kaniko:v1.28.3-slim', True),
        ('docker.io/martizih/kaniko:v2.0.0', True),
        (FORK + '@sha256:' + 'a' * 64, True),
        (FORK + '-warmer', False),
    ),
)
def test_image_that_cleans_up(image: str | None, expected: bool) -> None:
    assert cleans_up(image) is expected
