"""An argv -> whether Kaniko's executor builds with it, and with which cache.

Kaniko parses with Cobra and pflag: long flags need `--`, the last of the same
flag wins, no environment variable turns the cache on. The flags are those of
cmd/executor/cmd/root.go of GoogleContainerTools v1.24.0 and osscontainertools v1.28.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kaniko_hooks.model import OFF, ON, UNKNOWN, Flags, Word

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
_VALUED = frozenset(
    """
    context dockerfile destination bucket verbosity build-arg label ignore-path
    insecure-registry skip-tls-verify-registry registry-mirror registry-certificate
    registry-client-cert registry-map annotation secret credential-helpers target cache-dir
    cache-repo cache-ttl compression compression-level context-sub-path custom-platform
    digest-file git image-download-retry image-fs-extract-retry image-name-with-digest-file
    image-name-tag-with-digest-file kaniko-dir log-format oci-layout-path push-retry
    snapshot-mode tar-path image-format tarPath snapshotMode customPlatform
""".split()
)
# The executor of Kaniko's images, of wrapper images, and of Homebrew's formula.
NAMES = ('executor', 'kaniko', 'kaniko-executor')
# Long flags that other programs named `executor` do not have.
_COMMON = frozenset(
    """
    cache cleanup force insecure help context bucket verbosity build-arg label annotation
    secret target cache-dir compression compression-level git log-format log-timestamp
    reproducible materialize dryrun image-format cache-ttl
""".split()
)
_DISTINCTIVE = (_BOOLEAN | _VALUED) - _COMMON
_SHORT = {'c': 'context', 'f': 'dockerfile', 'd': 'destination', 'b': 'bucket', 'v': 'verbosity'}
# A sub-command of coming versions; every other one builds nothing.
_BUILDS = frozenset(('bake',))
# Flags with which nothing is built.
_STOPS = (('help', ON), ('dryrun', ON))
_TRUE = frozenset(('1', 't', 'T', 'TRUE', 'true', 'True'))
_FALSE = frozenset(('0', 'f', 'F', 'FALSE', 'false', 'False'))

_OSSCONTAINERTOOLS = re.compile(
    r'(?:ghcr\.io/osscontainertools/kaniko|(?:(?:index\.)?docker\.io/)?martizih/kaniko)'
    r':v(\d+)\.(\d+)\.(\d+)(-(?:debug|slim|alpine|bootstrap))?(?:@sha256:[0-9a-f]{64})?'
)
_WARMER = re.compile(r'[/:\-]warmer(?![a-z])|kaniko-warmer')

Variable = Callable[[str], 'Word | None']


def read_build(argv: Sequence[Word], image: str | None, variable: Variable) -> Flags | None:
    """The flags of the build that an argv does, None if it builds nothing.

    - `argv`: with a first word without fragments for the image's entrypoint.
    - `image`: the name of the container's image, None if it is not known.
    - `variable`: environment variable -> its value, None if it is not set.
    """
    if not argv or not _is_executor(argv, image):
        return None
    found = _parsed(argv[1:])
    if found is None:
        return None
    cache, cleanup, destinations = found
    if cleanup is None:
        cleanup = _cleans_by_default(image, variable)
    return Flags(cache, cleanup and _cleans_own_folder(variable), destinations)


def _is_executor(argv: Sequence[Word], image: str | None) -> bool:
    command = argv[0]
    if not command.fragments:
        return image is not None and 'kaniko' in image and not _WARMER.search(image)
    text = command.text
    folder, _, base = text.rpartition('/')
    if base not in NAMES or not command.fragments[-1].known:
        return False
    if (
        base == 'kaniko-executor'
        or 'kaniko' in folder.split('/')
        or image is not None
        and 'kaniko' in image
    ):
        return True
    return any(_long_name(word.text) in _DISTINCTIVE for word in argv[1:])


def _long_name(text: str) -> str:
    return text[2:].partition('=')[0] if text.startswith('--') else ''


def _parsed(words: Sequence[Word]) -> tuple[str, bool | None, tuple[str, ...]] | None:
    """Cache, cleanup (None if no flag says) and destinations; None: nothing is built."""
    given = _given(words)
    if given is None:
        return None
    cache: str = OFF
    cleanup: bool | None = None
    for name, value in given:
        if name == 'cache':
            cache = value
        elif name == 'cleanup':
            cleanup = value == ON
    return cache, cleanup, tuple(value for name, value in given if name == 'destination')


def _given(words: Sequence[Word]) -> list[tuple[str, str]] | None:
    """The known flags by their long names, in order, with their values (a boolean one's
    is ON, OFF or UNKNOWN); None if Kaniko stops before it builds."""
    found: list[tuple[str, str]] = []
    loose = False  # the word before may be a flag that takes this one
    index = 0
    while index < len(words):
        word = words[index]
        text = word.text
        index += 1
        if word.fragments and not word.fragments[0].known:
            # Unquoted it may be a flag or several; a quoted word is trusted to be a value.
            found += [('cache', UNKNOWN)] if word.splits else []
            loose = word.splits
        elif text == '--':
            break
        elif text[:1] != '-' or text == '-':
            if text in _BUILDS:
                break
            if text and not loose:
                return None
            loose = False
        elif _may_name_cache(word):
            found.append(('cache', UNKNOWN))
            loose = '=' not in text
        else:
            name, value = _flag(word)
            loose = not name and value is None
            if name and value is None:
                value = words[index].text if index < len(words) else ''
                index += 1
            if name in _BOOLEAN and not value or (name, value) in _STOPS:
                return None
            found.append((name, value or ''))
    return found


def _flag(word: Word) -> tuple[str, str | None]:
    """A flag's long name, '' if Kaniko has none such, and its value: None if that is
    the next word, '' for a boolean one that ParseBool rejects."""
    text = word.text
    if text[:2] == '--':
        name, equals, value = text[2:].partition('=')
        if name in _BOOLEAN:
            return name, _state(word, name, value) if equals else ON
        return name if name in _VALUED else '', value if equals else None
    if text[1] == 'h':
        return 'help', ON
    name = _SHORT.get(text[1], '')
    if not name or len(text) == 2:
        return name, None
    return name, text[3:] if text[2] == '=' else text[2:]


def _may_name_cache(word: Word) -> bool:
    """Whether a flag's name is not known, but may be that of the cache."""
    first = word.fragments[0].text if word.fragments else ''
    return len(word.fragments) > 1 and '--cache'.startswith(first)


def _state(word: Word, name: str, value: str) -> str:
    """A boolean flag's value as Go's ParseBool takes it; '' if it is rejected."""
    at = len(name) + 3
    for fragment in word.fragments:
        if not fragment.known and at < len(word.text):
            return UNKNOWN
    if value in _TRUE:
        return ON
    return OFF if value in _FALSE else ''


def _cleans_by_default(image: str | None, variable: Variable) -> bool:
    """Since v1.27.5 osscontainertools reads KANIKO_CLEANUP; its alpine image sets it."""
    match = _OSSCONTAINERTOOLS.fullmatch(image or '')
    if match is None or tuple(map(int, match.group(1, 2, 3))) < (1, 27, 5):
        return False
    value = variable('KANIKO_CLEANUP')
    if value is None:
        return match.group(4) == '-alpine'
    return value.known and value.text in _TRUE


def _cleans_own_folder(variable: Variable) -> bool:
    """FF_KANIKO_CLEAN_KANIKO_DIR is on by default; off, `--cleanup` leaves /kaniko."""
    value = variable('FF_KANIKO_CLEAN_KANIKO_DIR')
    return value is None or value.known and value.text in _TRUE


def cleans_up(image: str | None) -> bool:
    """Whether the image is provably osscontainertools' Kaniko v1.27.0 or later."""
    match = _OSSCONTAINERTOOLS.fullmatch(image or '')
    return match is not None and tuple(map(int, match.group(1, 2, 3))) >= (1, 27, 0)
