"""The commands that go with one unit each: they act on what it makes, or print about it."""

from __future__ import annotations

import posixpath
from bisect import bisect
from collections.abc import Sequence

from kaniko_hooks.fix import Refusal, shortened
from kaniko_hooks.fix.effects import (
    act_on,
    changes_no_image,
    effects,
    ignores_failure,
    is_image_tool,
    may_stop,
    only_prints,
    removes_leftovers,
    sets_trap,
    units_named,
)
from kaniko_hooks.fix.paths import Paths, shown_path, value_in
from kaniko_hooks.fix.steps import Step, Steps
from kaniko_hooks.fix.units import Unit
from kaniko_hooks.shell.programs import BUILTIN

_ADVICE = 'runs between or after the builds and is not plain set-up'


class Owners:
    """The unit that each step goes with; None for one that all parts may have.

    - `of_steps`: the owners, by the numbers of the steps.
    - `unit_of`: the unit of each step that builds, by the number of the step.
    - `variables`, `files`: the units that may have set or written each.
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
        self.variables: dict[str, set[int]] = {}
        self.files: dict[str, set[int]] = {}
        self.gates: set[int] = set()
        self.waiting: set[int] = set()
        self.risks: list[str] = []
        self._announces = self._prints_announce()
        self._written: set[str] = set()  # files, and folders that no build has brought
        for step in self.steps.before:
            self._take_over(step, None)
            if effects(step) or sets_trap(step):
                self._add_risk(step, 'runs in its `before_script`')
        self._assign_steps()
        self._check_after()

    def _prints_announce(self) -> bool:
        """Prints are about the build below: some stand above each, and none below the last."""
        prints = [step.number for step in self.steps.main if only_prints(step)]
        builds = sorted(self.unit_of)
        return {bisect(builds, number) for number in prints} == {*range(len(builds))}

    def _assign_steps(self) -> None:
        above: int | None = None
        for step in self.steps.main:
            unit = self.unit_of.get(step.number)
            if unit is None:
                owner = self._owner(step, above)
            else:
                self._check_unit(step, unit)
                owner = above = unit
            self.of_steps[step.number] = owner
            self._take_over(step, owner)

    def _owner(self, step: Step, above: int | None) -> int | None:
        """The unit that a step beside the builds uses, acts on, tests or prints about."""
        uses = self._uses(step)
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
        if effects(step) and not removes_leftovers(step):
            return self._owner_of_effect(step, above)
        if step.report.looks_at_status:
            return self.of_steps.get(step.number - 1)
        if sets_trap(step):
            self._add_risk(step, 'runs at the end of every job')
        elif only_prints(step):
            return self._owner_of_print(step, above)
        return None

    def _owner_of_print(self, step: Step, above: int | None) -> int | None:
        # In an `&&` list it announces what follows.
        for later in self.steps.later(step):
            if later.statement is step.statement and later.number in self.unit_of:
                return self.unit_of[later.number]
        names = units_named(step, self.images)
        if above is None and any(use.kind != BUILTIN for use in step.programs):
            return None  # a failure would stop all builds
        if len(names) == 1:
            return next(iter(names))
        following = (number for number in sorted(self.unit_of) if number > step.number)
        return self.unit_of[next(following)] if self._announces else above

    def _owner_of_effect(self, step: Step, above: int | None) -> int | None:
        owner = self._unit_acted_on(step, above)
        if owner is not None:
            if may_stop(step):
                self.gates.add(owner)
                if not is_image_tool(step) or above is not None and above < owner:
                    self.waiting.add(owner)
            return owner
        if above is not None:
            raise Refusal(f'{shortened(step.text)} {_ADVICE}')
        self._add_risk(step, 'runs before the builds')
        return None

    def _unit_acted_on(self, step: Step, above: int | None) -> int | None:
        """The one unit whose image a step acts on, if the step can stand in that unit's job."""
        names = units_named(step, self.images)
        owner = next(iter(names)) if len(names) == 1 else None
        if owner is None or self.units[owner].loop is not None:
            return None
        is_near = is_image_tool(step) or above in (owner, None)
        is_own = act_on(effects(step), self.images[owner])
        return owner if is_own and is_near and self._is_beside(step, owner) else None

    def _is_beside(self, step: Step, owner: int) -> bool:
        """No build or effect of another unit is between a step and its unit."""
        first, last = sorted((step.number, self.units[owner].step.number))
        if changes_no_image(step) and ignores_failure(step):
            return True
        return all(
            self.unit_of.get(other.number, owner) == owner
            and (
                changes_no_image(other)
                or self.of_steps.get(other.number) == owner
                or units_named(other, self.images) == {owner}
            )
            for other in self.steps.main
            if first < other.number < last
        )

    def _add_risk(self, step: Step, reason: str) -> None:
        self.risks.append(
            f'{shortened(step.text)} {reason} and is not plain set-up, '
            'and would be repeated in every job'
        )

    def _uses(self, step: Step) -> dict[int, str]:
        """The units whose variables, files or status a step uses, each with the reason."""
        uses: dict[int, str] = {}
        report = step.report
        text = shortened(step.text)
        reads = report.reads.union(*(build.arguments_by_name for build in step.builds))
        if step.most_builds and not effects(step):
            # The proof compares the values that builds get.
            reads = reads - step.sure_writes
        for name in sorted(reads & self.variables.keys()):
            for owner in self.variables[name]:
                uses[owner] = f'{text} uses ${name}, which an earlier build changes'
        before = self.of_steps.get(step.number - 1)
        if report.reads_status and before is not None:
            uses[before] = f'{text} uses the status of what ran before it'
        for path, owners in self.files.items():
            if not owners <= uses.keys() and self.paths.names(step, [path]):
                for owner in sorted(owners):
                    uses.setdefault(
                        owner,
                        f'{text} uses the file {shown_path(path)}, which an earlier build writes',
                    )
        left = self.paths.left_by_build(step, self._written)
        if left is not None:
            reason = f'{text} uses {shown_path(left)}, which an earlier build may have left'
            for number, owner in self.unit_of.items():
                if number < step.number:
                    uses.setdefault(owner, reason)
        return uses

    def _check_unit(self, step: Step, unit: int) -> None:
        """Raises Refusal if a build may find what another one makes."""
        reasons = [reason for other, reason in self._uses(step).items() if other != unit]
        if reasons:
            raise Refusal(reasons[0])
        loop = self.units[unit].loop
        changes = self.paths.changes(step, loop.command.name) if loop is not None else {}
        for build in step.builds:
            others = {path for path, owners in self.files.items() if owners != {unit}}
            if loop is not None:
                own = {value_in(build.env, loop.command.name)}
                others |= {path for path, runs in changes.items() if runs != own}
            others -= self.paths.written_before(step, build)
            exposed = self.paths.exposed(build, others)
            if exposed:
                path = shown_path(min(exposed))
                raise Refusal(
                    f'{shortened(step.text)} may find {path}, which another build changes'
                )

    def _take_over(self, step: Step, owner: int | None) -> None:
        for name in step.report.writes:
            if name in step.sure_writes - step.report.reads:
                self.variables.pop(name, None)
            if owner is not None:
                self.variables.setdefault(name, set()).add(owner)
        written = self.paths.written(step)
        self._written |= written
        if step.number < min(self.unit_of):
            self._written.update(map(posixpath.dirname, self.paths.named(step)))
        if owner is not None:
            for path in sorted(written):
                self.files.setdefault(path, set()).add(owner)

    def _check_after(self) -> None:
        """Judge the commands of `after_script`, which every part runs. Raises Refusal."""
        for step in self.steps.after:
            text = shortened(step.text)
            if effects(step):
                if units_named(step, self.images):
                    raise Refusal(f'{text} in its `after_script` acts on the images')
                self._add_risk(step, 'runs in its `after_script`')
            if self.paths.names(step, self.files):
                raise Refusal(f'{text} in its `after_script` uses a file that a build writes')

    def owned(self) -> list[set[str]]:
        """For each unit the files that only it makes."""
        paths = self.paths
        repeated = {
            path
            for step in (*self.steps.before, *self.steps.main)
            if self.of_steps.get(step.number) is None
            for path in paths.written(step)
        }
        result: list[set[str]] = [set() for _ in self.units]
        for path, owners in self.files.items():
            is_new = not paths.may_come and paths.text_of(path) is None
            if len(owners) == 1 and is_new and path not in repeated:
                result[min(owners)].add(path)
        return result
