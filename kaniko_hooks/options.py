"""The command line of both hooks."""

from __future__ import annotations

import os
from collections.abc import Sequence

from kaniko_hooks.named_tuple import NamedTuple

RULES = (
    'cached-builds-share-container',
    'uncached-builds-share-container',
    'unreadable-ci-file',
    'bad-suppression',
    'unused-suppression',
)
FORMATS = ('text', 'json', 'gitlab', 'sarif')


class Options(NamedTuple):
    """What the command line asks for."""

    paths: tuple[str, ...] = ()  # as given; none means the whole repository
    strict: bool = False
    allow_cleanup: bool = False
    gitlab_configs: tuple[str, ...] = ()  # relative to the repository root
    color: str = 'auto'
    format: str = 'text'
    output_file: str | None = None
    explain: str | None = None
    unsafe: bool = False
    diff: bool = False


def parse(hook: str, argv: Sequence[str]) -> Options:
    """The options of `check-kaniko-builds` or `fix-kaniko-builds`.

    Wrong usage ends the process with status 2, --help and --version with 0, as
    argparse does.
    """
    if argv and not any(argument.startswith('-') for argument in argv):
        return Options(tuple(argv))  # argparse would cost a third of the hook's time
    return _parse_options(hook, argv)


def _parse_options(hook: str, argv: Sequence[str]) -> Options:
    import argparse

    checks = hook == 'check-kaniko-builds'
    parser = argparse.ArgumentParser(
        prog=hook,
        allow_abbrev=False,
        description=(
            'Find every container whose script can run two Kaniko builds.'
            if checks
            else 'Rewrite GitLab jobs that run several Kaniko builds into one job per image.'
        ),
    )
    parser.add_argument(
        'paths',
        nargs='*' if checks else '+',
        metavar='PATH',
        help='file or directory' + ('; none: the whole repository' if checks else ''),
    )
    parser.add_argument(
        '--strict', action='store_true', help='also fail when all builds run without cache'
    )
    parser.add_argument(
        '--allow-cleanup',
        action='store_true',
        help='accept builds that clean up, in images of osscontainertools/kaniko >= v1.27.0',
    )
    parser.add_argument(
        '--gitlab-config',
        action='append',
        default=[],
        metavar='PATH',
        dest='gitlab_configs',
        help='a further root pipeline, relative to the repository root',
    )
    parser.add_argument('--color', choices=('auto', 'always', 'never'), default='auto')
    parser.add_argument('--version', action='version', version=_version(hook, argv))
    if checks:
        parser.add_argument('--format', choices=FORMATS, default='text')
        parser.add_argument(
            '--output-file', metavar='PATH', help='write the report to a file; text is still shown'
        )
        parser.add_argument(
            '--explain', choices=RULES, metavar='RULE', help='print what a rule is about, and why'
        )
    else:
        parser.add_argument(
            '--unsafe', action='store_true', help='also make rewrites that a person must review'
        )
        parser.add_argument(
            '--diff', action='store_true', help='show what would change, write nothing'
        )
    given = vars(parser.parse_args(argv))
    given['paths'] = tuple(given['paths'])
    given['gitlab_configs'] = tuple(map(os.path.normpath, given['gitlab_configs']))
    return Options(**given)


def _version(hook: str, argv: Sequence[str]) -> str:
    if '--version' not in argv:
        return ''  # importlib.metadata takes longer than all the rest
    from importlib.metadata import version

    return f'{hook} {version("kaniko_hooks")}'
