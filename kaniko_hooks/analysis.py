"""The pipeline of a check: named files -> containers -> runs -> findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kaniko_hooks.ci import read
from kaniko_hooks.mentions import Mentions
from kaniko_hooks.model import Container, Place, Problem, Reading, Result, Run
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.options import MARK, Options
from kaniko_hooks.repository import Repository, Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kaniko_hooks.shell.reports import ScriptReport

_TOO_LARGE = 'the script is too large to be evaluated'


class Analysis(NamedTuple):
    """The result of a check; `crashes` has one line for each internal error."""

    result: Result
    evaluations: Evaluations
    crashes: tuple[str, ...] = ()


def analyse(
    repository: Repository, named: Sequence[str], options: Options, in_full: bool = False
) -> Analysis:
    """The findings about the named files' pipelines, and the containers that build.

    Findings are those with at least one place in a named file. An internal
    error about one file or container costs that one only. The containers are
    left out where there is no finding, unless `in_full` or for a report.
    """
    reading, crashes = read(repository, named, options.gitlab_configs)
    marked = any(MARK in repository.known_text(file) for file in _files(reading))
    evaluations = Evaluations(repository)
    reading, runs = _evaluated(repository, reading, evaluations, crashes)
    result = Result((), ())
    is_shown = in_full or options.is_report
    if is_shown or marked or reading.problems or evaluations.found_sharing:
        result = _judged(repository, reading, runs, named, options)
    return Analysis(result, evaluations, tuple(crashes))


def _evaluated(
    repository: Repository, reading: Reading, evaluations: Evaluations, crashes: list[str]
) -> tuple[Reading, list[tuple[Container, Run]]]:
    """The reading with what the scripts add to its notes and problems, and the runs that build."""
    problems = list(reading.problems)
    notes = dict.fromkeys(reading.notes)
    runs: list[tuple[Container, Run]] = []
    mentions = Mentions(repository)
    for container in reading.containers:
        if not _may_build(container, mentions):
            continue
        try:
            run = evaluations.run(container)
        except Unreadable as error:
            files = tuple({place.file for place in container.places})
            problems.append(Problem(container.place, f'{container.name}: {error}', files))
        except Exception as error:
            from kaniko_hooks.about import internal_error

            crashes.append(internal_error(f'{container.place.file} ({container.name})', error))
        else:
            notes.update(dict.fromkeys(run.notes))
            if run.builds_in_worst_run:
                runs.append((container, run))
    return reading._replace(problems=tuple(problems), notes=tuple(notes)), runs


def _may_build(container: Container, mentions: Mentions) -> bool:
    """False if no text of a container mentions Kaniko, or leads to a file that does."""
    together = [container.image.values] if container.image else []
    for script in container.scripts:
        together.append((*script.commands, *script.arguments))
        together += [setting.values for setting in script.variables.values()]
    return any(mentions.in_text('\n'.join([text.value for text in texts])) for texts in together)


class Evaluations:
    """Evaluates containers of one repository, and keeps the reports that were made.

    The fix will need reports where there is a finding, and one seldom comes alone: all
    containers after the first one with sharing have some.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.found_sharing = False
        # Without reports if there was too much to evaluate.
        self._reports: dict[tuple[str, Place], tuple[Container, list[ScriptReport]]] = {}

    def run(self, container: Container) -> Run:
        """The worst run of a container's scripts.

        Raises Unreadable: there is more script than can be evaluated.
        """
        # Most containers mention no Kaniko.
        from kaniko_hooks import kaniko
        from kaniko_hooks.shell import TooMuch
        from kaniko_hooks.shell.run import container_run

        reports: list[ScriptReport] | None = [] if self.found_sharing else None
        try:
            run = container_run(container, kaniko.read_build, self._repository, reports)
        except TooMuch:
            raise Unreadable(_TOO_LARGE) from None
        if reports is not None or not run.is_exact:
            self._reports[container.name, container.place] = container, reports or []
        self.found_sharing = self.found_sharing or run.verdict != 'ok'
        return run

    def reports(self, container: Container) -> Sequence[ScriptReport]:
        """Reports on the statements of each script. Raises Unreadable."""
        place = container.name, container.place
        if place not in self._reports or self._reports[place][0] != container:
            self.found_sharing = True
            self.run(container)
        reports = self._reports[place][1]
        if not reports:
            raise Unreadable(_TOO_LARGE)
        return reports


def _cleanup_is_enough(container: Container, run: Run) -> bool:
    """For --allow-cleanup: a fork that is known to clean up, in every build but the last."""
    from kaniko_hooks import kaniko

    one_image = container.image is not None and len(container.image.values) == 1
    return one_image and run.clean_between and kaniko.cleans_up(run.image)


def _files(reading: Reading) -> set[str]:
    """Files in which a comment may silence a finding, scripts that are called left out."""
    places = (place for container in reading.containers for place in container.definition)
    return {*reading.files, *(place.file for place in places)}


def _judged(
    repository: Repository,
    reading: Reading,
    runs: Sequence[tuple[Container, Run]],
    named: Sequence[str],
    options: Options,
) -> Result:
    from kaniko_hooks import rule
    from kaniko_hooks.lines import where

    judged = rule.uncovered([rule.judged(container, run) for container, run in runs])
    doubtful = [
        result
        for result in judged
        if not (options.allow_cleanup and _cleanup_is_enough(result.container, result.run))
    ]
    findings = rule.violations(doubtful, options.strict)
    findings += map(rule.unreadable, reading.problems)
    files = _files(reading).union(place.file for result in judged for place in result.places)
    texts = {file: repository.known_text(file) for file in sorted(files)}
    marked = {file: text for file, text in texts.items() if MARK in text}
    if marked:
        from kaniko_hooks.suppression import without_suppressed

        rules = {rule.CACHED, rule.UNREADABLE, *([rule.UNCACHED] if options.strict else [])}
        findings = without_suppressed(findings, reading.containers, marked, rules)
    findings = rule.grouped(findings, lambda place: where(place, repository.known_text)[0])
    shown = frozenset(named)
    # A root pipeline that the command line names is one of the named files, too.
    configs = shown.union(options.gitlab_configs)
    return Result(
        tuple((container, run) for container, run, places in judged if _concerns(places, shown)),
        tuple(
            finding
            for finding in findings
            if _concerns(
                (finding.place, *finding.places),
                configs if finding.rule == rule.UNREADABLE else shown,
            )
        ),
        reading.notes,
        sum(_concerns((job.place, *job.places), shown) for job in reading.containers),
    )


def _concerns(places: Iterable[Place], files: frozenset[str]) -> bool:
    return any(place.file in files for place in places)
