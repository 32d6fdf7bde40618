"""Runs a hook: from its command line to output and an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Sequence

from kaniko_hooks.mentions import may_matter
from kaniko_hooks.options import CHECK, Options, parse
from kaniko_hooks.repository import Repository, Target, targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from kaniko_hooks.analysis import Analysis
    from kaniko_hooks.fix.plan import FixPlan


def run(hook: str, argv: Sequence[str]) -> int:
    """Run a hook and return its exit code.

    It is 1 also if the reader of the output is gone, and 2 if the output cannot be
    written or the working directory is gone, and for an internal error.
    """
    _open_streams()
    try:
        options = parse(hook, argv)
        code = (_check if hook == CHECK else _fix)(options)
        # The caller may leave at once (see the hooks' `entry`).
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _forget(sys.stdout)
        return 1
    except OSError as error:
        _forget(sys.stdout)
        where = f'{error.filename}: ' if error.filename else ''
        return _print_lines([f'{hook}: error: {where}{(error.strerror or str(error)).lower()}'], 2)
    except Exception as error:
        from kaniko_hooks.about import internal_error

        return _print_lines([internal_error(hook, error)], 2)


def _open_streams() -> None:
    """Replace closed streams, and escape letters that the output's encoding lacks."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, 'w', encoding='utf-8')
    if sys.stderr is None:
        sys.stderr = open(os.devnull, 'w', encoding='utf-8')
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors='backslashreplace')


def _forget(stream: TextIO) -> None:
    """Discard the buffered rest: Python would try to write it at exit, and complain."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def _print_lines(lines: Iterable[str], code: int = 1) -> int:
    """Print lines on stderr; return `code` if there are any, else 0."""
    lines = tuple(lines)
    if not lines:
        return 0
    from kaniko_hooks.terminal import safe

    try:
        for line in lines:
            print(safe(line), file=sys.stderr)
    except OSError:
        _forget(sys.stderr)
    return code


def _by_hand() -> bool:
    """False under pre-commit and prek, which hide the output of a hook that passes."""
    return not os.environ.get('PRE_COMMIT')


def _check(options: Options) -> int:
    if options.explain:
        from kaniko_hooks.about import explain

        print(explain(options.explain), end='')
        return 0
    named, errors = targets(options.paths)
    if len(named) > 1 and options.is_report:
        return _print_lines([f'{CHECK}: error: a report is about one repository at a time'], 2)
    code = _print_lines(errors)
    is_empty = not any(target.files for target in named)
    if is_empty and _by_hand() and not code and not options.is_report:
        return _print_lines(['nothing to check: git tracks no YAML file or shell script here'], 0)
    for target in named or [Target(os.getcwd(), ())]:
        repository = Repository(target.root)
        matters = may_matter(repository, target.files, options.gitlab_configs)
        if not matters and not options.is_report:
            if _by_hand() and not code:
                _print_lines(['no findings: nothing here can build with Kaniko'])
            continue
        # Most commits get no further.
        from kaniko_hooks.analysis import analyse

        analysis = analyse(repository, target.files, options, _by_hand())
        code = max(code, _print_lines(analysis.crashes, 2))
        if analysis.result.findings or options.is_report or _by_hand() and not code:
            code = max(code, _report(repository, target, options, analysis))
    return code


def _report(repository: Repository, target: Target, options: Options, analysis: Analysis) -> int:
    from kaniko_hooks.report import deliver
    from kaniko_hooks.report.text import summary

    result = analysis.result
    if result.findings:
        from kaniko_hooks.advice import advised
        from kaniko_hooks.fix.plan import plan_fixes

        plan = plan_fixes(repository, target.files, options, analysis)
        findings = tuple(advised(outcome.finding) for outcome in plan.outcomes)
        result = result._replace(findings=findings)
    deliver(result, repository.known_text, options, repository.root)
    _print_lines([summary(result)])
    return int(bool(result.findings))


def _fix(options: Options) -> int:
    named, errors = targets(options.paths)
    code = _print_lines(errors)
    for target in named:
        repository = Repository(target.root)
        if not may_matter(repository, target.files, options.gitlab_configs):
            continue
        from kaniko_hooks.fix.plan import plan_fixes

        plan = plan_fixes(repository, target.files, options)
        code = max(code, _print_lines(plan.crashes, 2), _apply(repository, plan, options))
    return code


def _apply(repository: Repository, plan: FixPlan, options: Options) -> int:
    """Write a plan's files, or print their diff, then one line about each outcome."""
    from kaniko_hooks.fix.write import NotWritten, write_all

    code = 0
    is_done = bool(plan.new)
    try:
        if options.diff:
            _show_diff(repository, plan, options)
        else:
            write_all(repository, plan.new)
    except NotWritten as error:
        code = _print_lines([str(error)])
        is_done = False
    # In one pipe the lines about the diff come after it.
    sys.stdout.flush()
    _print_lines(_sentences(repository, plan, is_done, options))
    return code if options.exit_zero_even_if_changed else max(code, is_done)


def _sentences(
    repository: Repository, plan: FixPlan, is_done: bool, options: Options
) -> Iterable[str]:
    """A line for each rewrite and for each finding that remains."""
    from kaniko_hooks.advice import advised
    from kaniko_hooks.lines import where
    from kaniko_hooks.rule import UNREADABLE

    for outcome in sorted(plan.outcomes, key=lambda outcome: outcome.finding.place):
        finding = advised(outcome.finding)
        line, column = where(finding.place, repository.known_text)
        place = f'{finding.place.file}:{line}:{column}: '
        if finding.no_fix:
            yield f'{place}{finding.headline}; not rewritten: {finding.no_fix}'
        elif finding.rule == UNREADABLE:
            yield f'{place}{finding.rule}: {finding.message}'
        elif finding.fix and is_done:
            files = ', '.join(outcome.files)
            does = f'would {finding.fix}' if options.diff else finding.fix
            risk = f'; risk: {outcome.risk}' if outcome.risk else ''
            rest = '' if options.diff else '; review and git add'
            yield f'{files}: {does}{risk}{rest}'


def _show_diff(repository: Repository, plan: FixPlan, options: Options) -> None:
    from kaniko_hooks.fix.diff import unified
    from kaniko_hooks.terminal import use_color

    color = use_color(options.color)
    for path, text in plan.new.items():
        mark = '\ufeff' if repository.has_mark(path) and not color else ''
        old = repository.known_text(path)
        print(unified(path, mark + old, mark + text, color), end='')
