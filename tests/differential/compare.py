"""The worst run of the evaluator against what real shells do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kaniko_hooks.model import Container, Field, Flags, Place, Script
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell import TooMuch
from kaniko_hooks.shell.run import container_run
from kaniko_hooks.text import Segment, Text
from tests.differential.shells import SHELLS, Machine
from tests.differential.writer import EXECUTOR, Sample, Surroundings, sample, surroundings
from tests.script_files import ScriptFiles


class Miss(NamedTuple):
    """A real run with more builds than the evaluator's worst run."""

    sample: Sample
    shell: str
    around: Surroundings
    builds: int


class Comparison(NamedTuple):
    """The worst runs of one script: the evaluator's, and the worst one that was observed."""

    seed: int
    evaluated: int | None  # None: there was too much to evaluate
    observed: int
    miss: Miss | None


def worst_run(item: Sample) -> int:
    """The number of builds of the evaluator's worst run. Raises TooMuch."""
    place = Segment(0, lambda offset: Place('ci.yml', offset), 0, True)
    script = Script((Text(item.script, (), (place,)),), {})
    container = Container('gitlab-ci', 'job', Place('ci.yml', 0), None, scripts=(script,))
    return container_run(container, _any_executor, ScriptFiles(item.files)).builds_in_worst_run


def _any_executor(
    argv: Sequence[Field], image: str | None, may_be_set: Callable[[str], bool]
) -> Flags | None:
    """A build whatever its arguments: what the stub counts."""
    return Flags('off', False, ()) if argv[0].text.known == EXECUTOR else None


def compare(machine: Machine, seed: int, runs: int) -> Comparison:
    """The script of a seed in some random surroundings, in each shell in turn."""
    item = sample(seed)
    try:
        evaluated = worst_run(item)
    except TooMuch:
        return Comparison(seed, None, 0, None)
    shells = SHELLS[:1] if item.for_bash else SHELLS
    observed = 0
    for index, around in enumerate(surroundings(seed, runs)):
        shell = shells[index % len(shells)]
        builds = machine.builds(shell, item, around)
        observed = max(observed, builds)
        if builds > evaluated:
            return Comparison(seed, evaluated, observed, Miss(item, shell[0], around, builds))
    return Comparison(seed, evaluated, observed, None)
