"""What both hooks do once a file may matter: from the command line to an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from kaniko_hooks.analysis import analyse
from kaniko_hooks.model import Finding
from kaniko_hooks.options import Options, parse
from kaniko_hooks.project import Repository
from kaniko_hooks.targets import Target, targets


def check(argv: Sequence[str], seen: dict[str, bytes]) -> int:
    """Report findings; 0 none, 1 some or a path that cannot be read, 2 an internal error.

    `seen` are the bytes of files that were read already.
    """
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
        repository = Repository(target.root, seen=seen)
        code = max(code, _report(repository, target, options))
    return code


def fix(argv: Sequence[str], seen: dict[str, bytes]) -> int:
    """Rewrite jobs; 0 nothing to say, 1 rewritten or refused, 2 an internal error."""
    options = parse('fix-kaniko-builds', argv)
    found, errors = targets(options.paths)
    code = _tell(errors)
    for target in found:
        code = max(code, _fix(Repository(target.root, seen=seen), target, options))
    return code


def _wrong_usage(hook: str, message: str) -> int:
    print(f'{hook}: error: {message}', file=sys.stderr)
    return 2


def _tell(errors: Sequence[str], code: int = 1) -> int:
    if not errors:
        return 0
    from kaniko_hooks.terminal import safe

    for error in errors:
        print(safe(error), file=sys.stderr)
    return code


def _report(repository: Repository, target: Target, options: Options) -> int:
    analysis = analyse(repository, target.files, options)
    code, result = _tell(analysis.crashes, 2), analysis.result
    if not result.findings and options.format == 'text' and options.output_file is None:
        return code
    from kaniko_hooks.report import deliver

    if result.findings:
        from kaniko_hooks.fix.plan import with_fixes

        code = max(code, 1)
        told = with_fixes(repository, target.files, options, result.findings)
        result = result._replace(findings=tuple(map(_advised, told)))
    return max(code, deliver(result, repository.known_text, options))


def _advised(finding: Finding) -> Finding:
    """What to do by hand, where the fix hook does nothing even if it is asked to."""
    if finding.run is None or finding.no_fix is None or '--unsafe' in finding.no_fix:
        return finding
    from kaniko_hooks.ci_paths import advice

    aim = advice(finding.containers[0].system, finding.containers[0].name)
    if any(why.kind == 'retry' for each in finding.run.executions for why in each.reasons):
        aim += ', and let CI retry it'
    return finding._replace(no_fix=f'{finding.no_fix}; make it {aim}')


def _fix(repository: Repository, target: Target, options: Options) -> int:
    from kaniko_hooks.fix.plan import plan_fixes
    from kaniko_hooks.fix.write import NotWritten, write_all
    from kaniko_hooks.lines import where
    from kaniko_hooks.rule import UNREADABLE
    from kaniko_hooks.terminal import safe

    plan = plan_fixes(repository, target.files, options)
    code = _tell(plan.crashes, 2)
    written: set[str] = set()
    for group in plan.writes:
        if options.diff:
            _show_diff(repository, group, plan.old, options)
        else:
            try:
                write_all(target.root, group, plan.old)
            except NotWritten as error:
                code = max(code, _tell([str(error)]))
                continue
        written.update(group)
    # In one pipe, what is said about the diff comes after it.
    sys.stdout.flush()
    for outcome in plan.outcomes:
        finding = outcome.finding
        line, column = where(finding.place, repository.known_text)
        said = outcome.fix if written.issuperset(outcome.files) else None
        if outcome.no_fix:
            said = f'no automatic fix: {outcome.no_fix}'
        elif finding.rule == UNREADABLE:
            said = finding.message
        if said:
            code = max(code, 1)
            about = ', '.join(each.name for each in finding.containers[:3]) or finding.rule
            place = f'{finding.place.file}:{line}:{column}'
            print(safe(f'{place}: {about}: {said}'), file=sys.stderr)
    return code


def _show_diff(
    repository: Repository, new: Mapping[str, str], old: Mapping[str, str], options: Options
) -> None:
    from kaniko_hooks.fix.diff import unified
    from kaniko_hooks.terminal import use_color

    color = use_color(options.color, sys.stdout, os.environ)
    for path, text in new.items():
        mark = '\ufeff' if repository.has_mark(path) and not color else ''
        print(unified(path, mark + old[path], mark + text, color), end='')
