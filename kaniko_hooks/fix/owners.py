"""The commands that go with one unit each: they act on what it makes, or print about it."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence

from kaniko_hooks.fix import Refusal, shortened
from kaniko_hooks.fix.effects import (
    act_on,
    effects,
    may_stop,
    only_prints,
    removes_leftovers,
    sets_trap,
    units_named,
)
from kaniko_hooks.fix.paths import Paths, shown_path, value_in
from kaniko_hooks.fix.programs import IMAGE_TOOLS
from kaniko_hooks.fix.steps import Step, Steps
from kaniko_hooks.fix.traces import Read, Traces, units_of, varies
from kaniko_hooks.fix.units import Unit
from kaniko_hooks.shell.programs import BUILTIN


class Owners:
    """The unit that each step goes with; None for one that all parts may have.

    - `of_steps`: the owners, by the numbers of the steps.
    - `unit_of`: the unit of each step that builds, by the number of the step.
    - `dropped`: the numbers of steps that no part has.
    - `gates`: units with a command that may stop all later ones; `waiting`: units with a
      command that all earlier ones may stop.
    - `risks`: what needs --unsafe.
    """

    def __init__(self, steps: Steps, units: Sequence[Unit], paths: Paths) -> None:
        self.steps = steps
        self.units = units
        self.paths = paths
        self.unit_of = {
            step.number: number
            for number, unit in enumerate(units)
            for step in (unit.step, *unit.others)
        }
        self.images = [unit.images for unit in units]
        self.of_steps: dict[int, int | None] = {}
        self.dropped = {step.number for unit in units for step in unit.others}
        self.gates: set[int] = set()
        self.waiting: set[int] = set()
        self.risks: list[str] = []
        self._announces = self._prints_announce()
        self._traces = Traces(paths)
        self._users: dict[str, int] = {}  # of values that vary
        self._assign_steps()
        self._check_after()

    def _prints_announce(self) -> bool:
        """Prints are about the build below: some stand above each, and none below the last."""
        prints = [step.number for step in self.steps.main if only_prints(step)]
        builds = sorted(self.unit_of)
        return {bisect(builds, number) for number in prints} == {*range(len(builds))}

    def _assign_steps(self) -> None:
        above: int | None = None
        for step in (*self.steps.before, *self.steps.main):
            reads = list(self._traces.read_by(step))
            uses = self._uses(step, reads)
            owner = self.unit_of.get(step.number)
            if owner is not None:
                self._check_unit(step, owner, uses)
                above = owner
            elif step not in self.steps.before:
                owner = self._owner(step, above, uses)
            elif effects(step) or sets_trap(step):
                self._add_risk(step, 'runs in its `before_script`')
            self.of_steps[step.number] = owner
            marks = {mark for _, own, _ in reads for mark in own}
            self._traces.leave(step, {owner, *self._sources(step, owner, marks)})

    def _sources(self, step: Step, owner: int | None, marks: set[object]) -> set[str]:
        """The sources of what varies in a step, which its unit uses."""
        if owner is None and varies(step):
            marks.add(shortened(step.text))
        for build in step.builds:
            files = self._traces.files
            marks.update(*(files[path] for path in self.paths.in_context(build, files)))
        sources = {mark for mark in marks if isinstance(mark, str)}
        # Commands that cannot be seen, which change the epoch too, are a risk of `--unsafe`.
        if sources and {'generation', 'epoch'} & step.report.changes == {'generation'}:
            raise Refusal(f'{shortened(step.text)} may set any variable to another value each time')
        if owner is not None and not only_prints(step):
            for source in sorted(sources):
                if self._users.setdefault(source, owner) != owner or self.units[owner].loop:
                    shown = f'{source} may have' if source[:1] == '`' else f'${source} has'
                    raise Refusal(f'{shown} a different value each time, and several builds use it')
        return sources

    def _owner(self, step: Step, above: int | None, uses: Mapping[int, str]) -> int | None:
        """The unit that a step beside the builds uses, acts on, tests or prints about."""
        if len(uses) > 1:
            raise Refusal(next(iter(uses.values())))
        if uses:
            owner, reason = next(iter(uses.items()))
            is_apart = effects(step) and not self._is_beside(step, owner)
            if self.units[owner].loop is not None or is_apart:
                raise Refusal(reason)
            if may_stop(step):
                self.gates.add(owner)
            return owner
        if above is not None and removes_leftovers(step):
            self.dropped.add(step.number)
            return None
        if effects(step):
            return self._owner_of_effect(step, above)
        if step.report.looks_at_status:
            return self.of_steps.get(step.number - 1)
        if sets_trap(step):
            self._add_risk(step, 'runs at the end of every job')
        elif only_prints(step):
            return self._owner_of_print(step, above)
        return None

    def _owner_of_print(self, step: Step, above: int | None) -> int | None:
        names = units_named(step, self.images)
        if above is None and any(use.kind != BUILTIN for use in step.programs):
            return None  # a failure would stop all builds
        if len(names) == 1:
            return next(iter(names))
        following = (number for number in sorted(self.unit_of) if number > step.number)
        return self.unit_of[next(following)] if self._announces else above

    def _owner_of_effect(self, step: Step, above: int | None) -> int | None:
        """The one unit whose image a step acts on, if the step can stand in that unit's job."""
        names = units_named(step, self.images)
        acts_only = all(use.name in IMAGE_TOOLS for use in effects(step))
        for owner in names if len(names) == 1 else ():
            is_near = acts_only or above in (owner, None)
            is_own = self.units[owner].loop is None and act_on(effects(step), self.images[owner])
            if is_near and is_own and self._is_beside(step, owner):
                if may_stop(step):
                    self.gates.add(owner)
                    if not acts_only or above is not None and above < owner:
                        self.waiting.add(owner)
                return owner
        if above is not None:
            does = 'runs between or after the builds and is not plain set-up'
            raise Refusal(f'{shortened(step.text)} {does}')
        self._add_risk(step, 'runs before the builds')
        return None

    def _is_beside(self, step: Step, owner: int) -> bool:
        """No build or effect of another unit is between a step and its unit."""
        first, last = sorted((step.number, self.units[owner].step.number))
        return all(
            self.unit_of.get(other.number, owner) == owner
            and (not effects(other) or self.of_steps.get(other.number) == owner)
            for other in self.steps.main
            if first < other.number < last
        )

    def _add_risk(self, step: Step, reason: str) -> None:
        self.risks.append(
            f'{shortened(step.text)} {reason} and is not plain set-up, '
            'and would be repeated in every job'
        )

    def _uses(self, step: Step, reads: Sequence[Read]) -> dict[int, str]:
        """The units whose variables, files or status a step uses, each with the reason."""
        uses: dict[int, str] = {}
        text = shortened(step.text)
        # The proof compares the values that builds get.
        is_proven = step.most_builds and not effects(step)
        for name, marks, how in reads:
            if not (is_proven and name[1:] in step.sure_writes):
                for unit in units_of(marks):
                    uses.setdefault(unit, f'{text} uses {name}, which an earlier build {how}')
        before = self.of_steps.get(step.number - 1)
        if step.report.reads_status and before is not None:
            uses[before] = f'{text} uses the status of what ran before it'
        return uses

    def _check_unit(self, step: Step, unit: int, uses: Mapping[int, str]) -> None:
        """Raises Refusal if a build may find what another one makes."""
        reasons = [reason for other, reason in uses.items() if other != unit]
        if reasons:
            raise Refusal(reasons[0])
        paths = self.paths
        written = {path for path, owners in self.files().items() if owners != {unit}}
        loop = self.units[unit].loop
        name = loop.command.name if loop is not None else ''
        changes = paths.changes(step, name) if loop is not None else {}
        for build in step.builds:
            own = {value_in(build.env, name)}
            others = written | {path for path, runs in changes.items() if runs != own}
            others -= paths.written_before(step, build)
            exposed = others & {*paths.in_context(build, others), *paths.dockerfiles(build)}
            if exposed:
                path = shown_path(min(exposed))
                raise Refusal(
                    f'{shortened(step.text)} may find {path}, which another build changes'
                )

    def _check_after(self) -> None:
        """Judge the commands of `after_script`, which every part runs. Raises Refusal."""
        for step in self.steps.after:
            text = shortened(step.text)
            if effects(step):
                if units_named(step, self.images):
                    raise Refusal(f'{text} in its `after_script` acts on the images')
                self._add_risk(step, 'runs in its `after_script`')
            if self.paths.named_of(step, self.files()):
                raise Refusal(f'{text} in its `after_script` uses a file that a build writes')

    def files(self) -> dict[str, set[int]]:
        """The files that steps of units write, with these."""
        owned = ((path, units_of(marks)) for path, marks in self._traces.files.items())
        return {path: units for path, units in owned if units}

    def owned(self) -> list[set[str]]:
        """For each unit the files that only it makes."""
        result: list[set[str]] = [set() for _ in self.units]
        for path, owners in self.files().items():
            is_new = not self.paths.may_come and self.paths.text_of(path) is None
            if len(owners) == 1 and is_new and None not in self._traces.files[path]:
                result[min(owners)].add(path)
        return result
