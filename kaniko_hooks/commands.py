"""What both hooks do once a file may matter: from the command line to an exit code."""
from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from kaniko_hooks.analysis import Analysis
from kaniko_hooks.analysis import analyse
from kaniko_hooks.model import Result
from kaniko_hooks.options import Options
from kaniko_hooks.options import parse
from kaniko_hooks.project import Repository
from kaniko_hooks.targets import Target
from kaniko_hooks.targets import targets


def check(argv: Sequence[str]) -> int:
    """Report findings; 0 none, 1 some or a path that cannot be read, 2 an internal error."""
    options = parse('check-kaniko-builds', argv)
    if options.explain:
        from kaniko_hooks.explain import explain
        print(explain(options.explain), end='')
        return 0
    found, errors = targets(options.paths)
    if len(found) > 1 and (options.format != 'text' or options.output_file):
        return _wrong_usage('check-kaniko-builds', 'a report is about one repository at a time')
    code = _tell(errors)
    for target in found or [Target(os.getcwd(), ())]:
        repository = Repository(target.root)
        analysis = analyse(repository, target.files, options)
        code = max(code, _report(repository, analysis, options))
    return code


def fix(argv: Sequence[str]) -> int:
    """Rewrite jobs; 0 nothing to say, 1 rewritten or refused, 2 an internal error."""
    options = parse('fix-kaniko-builds', argv)
    found, errors = targets(options.paths)
    code = _tell(errors)
    for target in found:
        code = max(code, _fix(target, options))
    return code


def _wrong_usage(hook: str, message: str) -> int:
    print(f'{hook}: error: {message}', file=sys.stderr)
    return 2


def _tell(errors: Sequence[str], code: int = 1) -> int:
    from kaniko_hooks.terminal import safe
    for error in errors:
        print(safe(error), file=sys.stderr)
    return code if errors else 0


def _report(repository: Repository, analysis: Analysis, options: Options) -> int:
    result, code = analysis.result, _tell(analysis.crashes, 2)
    if not result.findings and options.format == 'text' and not options.output_file:
        return code
    from kaniko_hooks.report.text import summary
    if result.findings:
        code = max(code, 1)
        result = result._replace(findings=_with_fixes(repository, result.findings, options))
        print(summary(result), file=sys.stderr)
    return max(code, _deliver(repository, result, options))


def _deliver(repository: Repository, result: Result, options: Options) -> int:
    from kaniko_hooks.report import render
    from kaniko_hooks.terminal import use_color
    shown = 'text' if options.output_file else options.format
    color = shown == 'text' and use_color(options.color, sys.stdout, os.environ)
    # A terminal that has no letter for a name must not end the hook.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors='backslashreplace')
    print(render(shown, result, repository.known_text, color), end='')
    if options.output_file:
        try:
            with open(options.output_file, 'w', encoding='utf-8', newline='\n') as file:
                file.write(render(options.format, result, repository.known_text))
        except OSError as error:
            return _wrong_usage('check-kaniko-builds', f'{options.output_file}: {error.strerror}')
    return 0
