"""The command line of both hooks."""

from __future__ import annotations

import os
from collections.abc import Sequence

from kaniko_hooks.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser

CHECK = 'check-kaniko-builds'
FIX = 'fix-kaniko-builds'
MARK = 'kaniko-hooks:'  # of comments for the hooks
RULES = (
    'cached-builds-share-container',
    'uncached-builds-share-container',
    'unreadable-ci-file',
    'bad-suppression',
    'unused-suppression',
)
FORMATS = ('text', 'json', 'gitlab', 'sarif')
_DESCRIPTIONS = {
    CHECK: 'Find every container whose script can run two Kaniko builds.',
    FIX: 'Rewrite GitLab jobs that run several Kaniko builds into one job per build.',
}
_EPILOGS = {
    CHECK: """\
exit codes:
  0  no finding
  1  findings, or a PATH that cannot be read
  2  wrong usage, or an internal error

examples:
  check-kaniko-builds                           the whole repository
  check-kaniko-builds --strict .gitlab-ci.yml   one pipeline, all rules
  check-kaniko-builds --format gitlab --output-file codequality.json

rules:
"""
    + ''.join(f'  {rule}\n' for rule in RULES),
    FIX: """\
exit codes:
  0  nothing rewritten; check-kaniko-builds reports the rest
  1  files rewritten (--diff: would be), or a PATH that cannot be read
  2  wrong usage, or an internal error

examples:
  fix-kaniko-builds --diff                      show what would change
  fix-kaniko-builds .gitlab-ci.yml              rewrite one pipeline
""",
}


class Options(NamedTuple):
    """The values of a command line."""

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
    exit_zero_even_if_changed: bool = False

    @property
    def is_report(self) -> bool:
        """True if all containers are listed, not only text about findings printed."""
        return self.format != 'text' or self.output_file is not None


def parse(hook: str, argv: Sequence[str]) -> Options:
    """The options of a hook.

    Wrong usage ends the process with status 2, --help and --version with 0, as
    argparse does.
    """
    if not any(argument.startswith('-') for argument in argv):
        return Options(tuple(argv))  # argparse would take a third of the hook's time
    values = vars(_parser(hook).parse_args(argv))
    values['paths'] = tuple(values['paths'])
    values['gitlab_configs'] = tuple(map(os.path.normpath, values['gitlab_configs']))
    return Options(**values)


def _parser(hook: str) -> ArgumentParser:
    import argparse

    from kaniko_hooks.about import VERSION

    parser = argparse.ArgumentParser(
        prog=hook,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=_DESCRIPTIONS[hook],
        epilog=_EPILOGS[hook],
    )
    _add_shared(parser)
    if hook == CHECK:
        _add_of_check(parser)
    else:
        _add_of_fix(parser)
    parser.add_argument('--version', action='version', version=f'{hook} {VERSION}')
    return parser


def _add_shared(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add(
        'paths',
        nargs='*',
        metavar='PATH',
        help='file or directory (default: all files that git tracks)',
    )
    add('--strict', action='store_true', help='apply the rule to builds without cache, too')
    add(
        '--allow-cleanup',
        action='store_true',
        help='accept builds with --cleanup in images of osscontainertools/kaniko >= v1.27.0',
    )
    add(
        '--gitlab-config',
        action='append',
        default=[],
        metavar='PATH',
        dest='gitlab_configs',
        help='a further GitLab pipeline besides .gitlab-ci.yml, relative to the repository root; '
        'may be repeated',
    )
    add(
        '--color',
        choices=('auto', 'always', 'never'),
        default='auto',
        help='auto (default): on a terminal, unless NO_COLOR is set; FORCE_COLOR means always',
    )


def _add_of_check(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add(
        '--format',
        choices=FORMATS,
        default='text',
        help="text (default): for people; json: all containers and findings; gitlab: GitLab's "
        'Code Quality; sarif: for code scanning',
    )
    add(
        '--output-file',
        metavar='PATH',
        help='write the report to a file, and the text to standard output',
    )
    add('--explain', choices=RULES, metavar='RULE', help='print the documentation of a rule')


def _add_of_fix(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add('--unsafe', action='store_true', help='also make rewrites that a person must review')
    add('--diff', action='store_true', help='show what would change, write nothing')
    add(
        '--exit-zero-even-if-changed',
        action='store_true',
        help='exit 0 after a rewrite, for clients that stage what was fixed (lefthook)',
    )
