"""An argv -> whether Kaniko's executor builds with it, and with which cache.

Kaniko parses with cobra and pflag: long flags need `--`, the last of the same
flag wins, no environment variable turns the cache on. The flags are those of
cmd/executor/cmd/root.go of GoogleContainerTools v1.24.0 and osscontainertools v1.28.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kaniko_hooks.model import OFF, ON, UNKNOWN, Field, Flags
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.text import Text, hole

_BOOLEAN = frozenset(
    """
    cache cache-copy-layers cache-run-layers cleanup compressed-caching force
    force-build-metadata ignore-var-run insecure insecure-pull log-timestamp no-push
    no-push-cache push-ignore-immutable-tag-errors reproducible single-snapshot
    skip-default-registry-fallback skip-push-permission-check skip-tls-verify
    skip-tls-verify-pull skip-unused-stages use-new-run whitelist-var-run help
    pre-cleanup preserve-context materialize dryrun
    """.split()
)
# The values of these are paths of files that Kaniko writes.
OUTPUTS = frozenset(
    """
    digest-file image-name-with-digest-file image-name-tag-with-digest-file oci-layout-path
    tar-path tarPath
    """.split()
)
_VALUED = OUTPUTS.union(
    """
    context dockerfile destination bucket verbosity build-arg label ignore-path
    insecure-registry skip-tls-verify-registry registry-mirror registry-certificate
    registry-client-cert registry-map annotation secret credential-helpers target cache-dir
    cache-repo cache-ttl compression compression-level context-sub-path custom-platform
    git image-download-retry image-fs-extract-retry kaniko-dir log-format push-retry
    snapshot-mode image-format snapshotMode customPlatform
    """.split()
)
_SHORTHANDS = {
    'c': 'context',
    'f': 'dockerfile',
    'd': 'destination',
    'b': 'bucket',
    'v': 'verbosity',
    'h': 'help',
}
# The executor of Kaniko's images, of wrapper images, and of Homebrew's formula.
NAMES = ('executor', 'kaniko', 'kaniko-executor')
# Long flags that other programs named `executor` have, too.
_COMMON = frozenset(
    """
    cache cleanup force insecure help context bucket verbosity build-arg label annotation
    secret target cache-dir compression compression-level git log-format log-timestamp
    reproducible materialize dryrun image-format cache-ttl
    """.split()
)
_DISTINCTIVE = frozenset(f'--{name}' for name in (_BOOLEAN | _VALUED) - _COMMON)
# A sub-command of coming versions; every other one builds nothing.
_BUILDING_COMMANDS = frozenset(('bake',))
# What Go's ParseBool accepts.
_TRUE = frozenset(('1', 't', 'T', 'TRUE', 'true', 'True'))
_FALSE = frozenset(('0', 'f', 'F', 'FALSE', 'false', 'False'))

_OSSCONTAINERTOOLS = (
    r'(?:ghcr\.io/osscontainertools/kaniko|(?:(?:index\.)?docker\.io/)?martizih/kaniko)'
    r':v(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-(?:debug|slim|alpine|bootstrap))?(?:@sha256:[0-9a-f]{64})?'
)
_WARMER = r'[/:\-]warmer(?![a-z])|kaniko-warmer'


class Flag(NamedTuple):
    """One flag of an argv; `value` is empty for a boolean flag that has none.

    `name` is the long one; '' for words that may be any flag.
    """

    name: str
    value: Text


def read_build(
    argv: Sequence[Field], image: str | None, may_be_set: Callable[[str], bool]
) -> Flags | None:
    """The flags of the build that an argv does, None if it builds nothing.

    - `argv`: with an empty first word for the image's entrypoint.
    - `image`: the name of the container's image, None if it is not known.
    - `may_be_set`: test for environment variables.
    """
    flags = parse(argv[1:]) if _is_executor(argv, image) else None
    if flags is None:
        return None
    # Words that may be any flag have unknown values.
    states = {flag.name or 'cache': _state(flag.value) for flag in flags}
    if ON in (states.get('help'), states.get('dryrun')):
        return None
    # With this feature off `--cleanup` leaves /kaniko; nobody sets it to leave it on.
    cleanup = states.get('cleanup') == ON and not may_be_set('FF_KANIKO_CLEAN_KANIKO_DIR')
    destinations = tuple(flag.value.value for flag in flags if flag.name == 'destination')
    outputs = tuple(flag.value.value for flag in flags if flag.name in OUTPUTS)
    return Flags(states.get('cache', OFF), cleanup, destinations, outputs)


def _is_executor(argv: Sequence[Field], image: str | None) -> bool:
    command, image = argv[0].text, image or ''
    if not command.value:
        return 'kaniko' in image and not re.search(_WARMER, image)
    distinctive = any(field.text.value.partition('=')[0] in _DISTINCTIVE for field in argv[1:])
    if command.is_hole:
        # A command of which nothing is known may be any: its flags decide.
        return distinctive
    base = command.split('/')[-1].known
    folders = command.value.split('/')[:-1]
    is_kaniko = base == 'kaniko-executor' or 'kaniko' in folders or 'kaniko' in image
    return base in NAMES and (is_kaniko or distinctive)


def parse(fields: Sequence[Field]) -> list[Flag] | None:
    """The flags of the executor's arguments, in order; None if Kaniko ends before it builds.

    So it does for a stray word, a boolean flag with another value than true or false,
    a sub-command that does not build.
    """
    flags: list[Flag] = []
    may_be_value = False  # the word before may be a flag that takes this one
    words = iter(fields)
    for field in words:
        text = field.text
        if text.holes and not text.prefix:
            # Unquoted it may be a flag or several; a quoted word is trusted to be a value.
            may_be_value = field.splits
            if field.splits:
                flags.append(Flag('', text))
        elif text.value[:1] != '-' or text.value == '-':
            # cobra drops arguments with a `-` before it looks for sub-commands.
            if text.value in _BUILDING_COMMANDS:
                break
            if text.value not in ('', '-') and not may_be_value and not field.splits:
                return None
            may_be_value = field.splits
        elif text.holes and '=' not in text.prefix and '--cache'.startswith(text.prefix):
            # The name of the flag may be that of the cache.
            flags.append(Flag('', text))
            may_be_value = '=' not in text.value
        else:
            name, value = _flag(text)
            may_be_value = not name and value is None
            if field.splits and name in _BOOLEAN:
                value = hole('')  # it may be missing
            elif value is None and name:
                # Without one Kaniko reports an error, but a later version may not.
                value = next((word.text for word in words), Text(''))
            if value is not None and name:
                if name in _BOOLEAN and not _state(value):
                    return None
                flags.append(Flag(name, value))
    return flags


def destination_words(argv: Sequence[Field]) -> list[Field]:
    """The words of an argv that are about destinations."""
    result: list[Field] = []
    is_value = False
    for field in argv:
        text = field.text.value
        is_flag = text in ('-d', '--destination')
        if is_value or is_flag or text.startswith(('--destination=', '-d')):
            result.append(field)
        is_value = is_flag and not is_value
    return result


def other_words(argv: Sequence[Field]) -> list[Text]:
    """The words of an argv that are about anything but destinations."""
    destinations = set(map(id, destination_words(argv)))
    return [field.text for field in argv if id(field) not in destinations]


def _flag(text: Text) -> tuple[str, Text | None]:
    """A flag's long name, '' if Kaniko has none such, and its value: None if not in this word."""
    if text.value[:2] == '--':
        name, equals, _ = text.value[2:].partition('=')
        value = Text('true') if name in _BOOLEAN else None
        if equals:
            value = text.part(len(name) + 3)
        return name if name in _BOOLEAN | _VALUED else '', value
    name = _SHORTHANDS.get(text.value[1], '')
    if not name or len(text.value) == 2:
        return name, None
    return name, text.part(3 if text.value[2] == '=' else 2)


def _state(value: Text) -> str:
    """A boolean flag's value as Go's ParseBool takes it; '' if it is rejected."""
    if value.holes:
        return UNKNOWN
    if value.value in _TRUE:
        return ON
    return OFF if value.value in _FALSE else ''


def cleans_up(image: str | None) -> bool:
    """The image is provably osscontainertools' Kaniko v1.27.0 or later."""
    match = re.fullmatch(_OSSCONTAINERTOOLS, image or '')
    return match is not None and tuple(map(int, match.groups())) >= (1, 27, 0)
