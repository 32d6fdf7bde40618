"""Named files -> containers -> runs -> findings: the way of the data, once through."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.ci import read
from kaniko_hooks.glance import one_build_at_most
from kaniko_hooks.model import Container, Finding, Place, Problem, Reading, Result, Run, Variable
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.options import Options
from kaniko_hooks.project import Repository, Unreadable


class Analysis(NamedTuple):
    """What the named files of one repository come to."""

    result: Result
    crashes: tuple[str, ...] = ()  # one line for each internal error


def analyse(repository: Repository, named: Sequence[str], options: Options) -> Analysis:
    """Every container of the named files' pipelines, and the findings about them.

    Findings are those with at least one place in a named file. An internal
    error about one file or container costs that one only.
    """
    reading, crashes = read(repository, named, options.gitlab_configs)
    marked = _has_comments(repository, reading)
    # Where each container is listed, or may be named by a comment, all are read in full.
    in_full = marked or options.format != 'text' or options.output_file is not None
    judged = []
    unreadable: list[Problem] = []
    for container in reading.containers:
        if not in_full and one_build_at_most(container):
            continue
        try:
            run = run_of(repository, container)
        except Unreadable as error:
            message = f'{container.name}: {error}'
            files = tuple({place.file for place in container.places})
            unreadable.append(Problem(container.place, message, files))
            continue
        except Exception as error:
            from kaniko_hooks.internal_error import internal_error

            crashes.append(internal_error(f'{container.place.file} ({container.name})', error))
            continue
        if run.builds_in_worst_run:
            judged.append((container, run))
    reading = reading._replace(problems=(*reading.problems, *unreadable))
    if marked or judged or reading.problems:
        result = _judged(repository, reading, judged, named, options)
    else:
        result = Result((), (), reading.notes)
    return Analysis(result, tuple(crashes))


def _has_comments(repository: Repository, reading: Reading) -> bool:
    """Whether a file that was read speaks to the hooks: a comment may be unused, too."""
    files = set(reading.files)
    for each in reading.containers:
        files.update(place.file for place in (each.place, *each.places))
        files.update(command.file for part in each.parts for command in part.commands)
    return any('kaniko-hooks:' in repository.known_text(file) for file in files)


def _judged(
    repository: Repository,
    reading: Reading,
    judged: Sequence[tuple[Container, Run]],
    named: Sequence[str],
    options: Options,
) -> Result:
    from kaniko_hooks import rule

    found = rule.findings(
        judged,
        options.strict,
        lambda container, run: options.allow_cleanup and accepted(container, run),
        lambda place: _line(repository, place),
    )
    found += [rule.unreadable(problem) for problem in reading.problems]
    found = _suppressed(repository, found, reading.containers, judged, options)
    files = frozenset(named)
    configs = files.union(options.gitlab_configs)
    shown = tuple(
        each for each in judged if any(place.file in files for place in rule.places_involved(*each))
    )
    return Result(
        _without_covered_templates(shown),
        tuple(
            each
            for each in found
            # A root pipeline that the command line asks for is named, too.
            if _concerns(each, configs if each.rule == rule.UNREADABLE else files)
        ),
        reading.notes,
    )


def run_of(repository: Repository, container: Container) -> Run:
    """What a container's script parts can do, at worst.

    Raises Unreadable: there is more script than can be read.
    """
    # Most containers are settled without these.
    from kaniko_hooks import kaniko
    from kaniko_hooks.shell.machine import TooLarge
    from kaniko_hooks.shell.runs import container_run

    def read_script(path: str) -> str | None:
        try:
            return repository.text(path)
        except Unreadable:
            return None

    try:
        return container_run(container.parts, image_name(container), kaniko.read_build, read_script)
    except TooLarge as error:
        which = f' `{error.path}`' if error.path else ''
        raise Unreadable(f'the script{which} is too large to be read') from None


def image_name(container: Container) -> str | None:
    """The image's name with the variables of the first part; of several the one with `kaniko`."""
    if not isinstance(container.image, Variable):
        return None
    from kaniko_hooks.shell.expansion.expand import expand

    variables = container.parts[0].variables if container.parts else {}
    names = [expand(value, variables).text for value in container.image.values]
    return next((name for name in names if 'kaniko' in name), names[0] if names else None)


def accepted(container: Container, run: Run) -> bool:
    """Whether cleaning up is enough: a fork that is known to, in every build but the last."""
    from kaniko_hooks import kaniko

    one_image = container.image is not None and len(container.image.values) == 1
    return one_image and run.clean_between and kaniko.cleans_up(image_name(container))


def _line(repository: Repository, place: Place) -> int:
    from kaniko_hooks.lines import where

    return where(place, repository.known_text)[0]


def _suppressed(
    repository: Repository,
    found: list[Finding],
    containers: Sequence[Container],
    judged: Sequence[tuple[Container, Run]],
    options: Options,
) -> list[Finding]:
    from kaniko_hooks import rule

    files = {place.file for each in judged for place in rule.places_involved(*each)}
    files |= {place.file for each in containers for place in (each.place, *each.places)}
    texts = {file: repository.known_text(file) for file in sorted(files)}
    if not any('kaniko-hooks:' in text for text in texts.values()):
        return found
    from kaniko_hooks.suppression.findings import apply

    on = {rule.CACHED, rule.UNREADABLE} | ({rule.UNCACHED} if options.strict else set())
    return apply(
        found,
        containers,
        texts,
        frozenset(on),
        lambda finding: rule.reworded(finding, lambda place: _line(repository, place)),
    )


def _without_covered_templates(
    judged: Sequence[tuple[Container, Run]],
) -> tuple[tuple[Container, Run], ...]:
    """Hidden jobs are listed only where no visible job runs their builds."""
    covered = {
        execution.build.place
        for container, run in judged
        if not container.template
        for execution in run.executions
    }
    return tuple(
        (container, run)
        for container, run in judged
        if not container.template
        or any(execution.build.place not in covered for execution in run.executions)
    )


def _concerns(finding: Finding, files: frozenset[str]) -> bool:
    return any(place.file in files for place in (finding.place, *finding.places))
