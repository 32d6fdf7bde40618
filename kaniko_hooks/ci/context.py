"""Steps that share the container of their job: what GitHub's Actions and CircleCI have alike."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kaniko_hooks.ci import cond
from kaniko_hooks.ci.common import (
    MAX_COMMANDS,
    Settings,
    Source,
    assigned,
    environment,
    filled,
    resolved,
    shell_of,
    with_unknown,
)
from kaniko_hooks.document.nodes import Node, ScalarNode
from kaniko_hooks.model import Cond, Container, Place, Script, Setting, Text
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.repository import Unreadable


class Names(cond.Dialect):
    """Names in texts: all that is known of them is put in.

    `pattern` is that of an expression; it has a group, and none where it is escaped.
    """

    pattern: str

    def __init__(self, context: Context) -> None:
        self.context = context

    def of_this_call(self, name: str) -> str:
        """A name whose value each call of an action or a command has another one of."""
        return ''.join(f'{place.file}:{place.offset} ' for place in self.context.calls) + name


class Context(NamedTuple):
    """Surroundings of a step.

    - `variables`: of the shell, and alternatives of holes.
    - `values`: what a name stands for in a text: a default, or what a caller passed.
    - `cond`, `always`: when the step or its caller runs, also after a failure.
    - `calls`: the steps that call the action or command, outermost first.
    - `document`: has the commands that are called; an inline orb is one in another.
    - `steps`: parameters that are steps, each with the contexts that it was written in.
    """

    source: Source
    names: type[Names]
    document: Node
    variables: Settings
    values: Mapping[str, Text]
    directory: str | None = ''
    shell: str = ''
    cond: Cond = True
    always: bool = False
    calls: tuple[Place, ...] = ()
    steps: Mapping[str, Sequence[tuple[Node, Context]]] = {}

    def filled(self, text: Text) -> Text:
        """The text with known values put in, and a hole for each other expression."""
        return filled(text, self.names.pattern, self._value)

    def _value(self, match: re.Match[str]) -> Text | str:
        if match[1] is None:
            return match[0][1:]
        return cond.evaluated(match[1], match[0], self.names(self))

    def text(self, node: Node | None) -> Text | None:
        """The text of a scalar, as far as it is known; None for anything else."""
        if not isinstance(node, ScalarNode):
            return None
        return resolved(self.filled(Text(node.value)), self.variables)

    def shown(self, node: Node | None) -> str:
        """The text of a scalar, with the unknown as it is written; '' for anything else."""
        text = self.text(node)
        return text.value if text else ''

    def with_environment(self, node: Node | None) -> Context:
        """The context with the variables of an `env:` or `environment:` added."""
        added = environment(node, self.filled)
        return self._replace(variables={**self.variables, **added})


class Job:
    """The scripts that the steps of one job add up to."""

    def __init__(self, source: Source, name: str) -> None:
        self.source = source
        self.name = source.prefix + name
        self.notes = len(source.notes)  # before this job
        self.scripts: list[Script] = []
        self.steps = 0
        self.changed: set[str] = set()  # variables, by a step

    def count_step(self) -> None:
        """Counts one more step. Raises Unreadable."""
        self.steps += 1
        if self.steps > MAX_COMMANDS:
            raise Unreadable('has a job of too many steps')

    def in_step(self, context: Context, variables: Node | None) -> Context:
        """The context of a step with these variables of its own."""
        known = with_unknown(context.variables, self.changed)
        return context._replace(variables=known).with_environment(variables)

    def add_script(self, command: ScalarNode, context: Context, exports: str) -> bool:
        """Adds the script of a step; True if it may set variables for later ones.

        `exports` is the variable that names the file for these.
        """
        script = Script(
            (context.filled(self.source.scalar(command)),),
            context.variables,
            always=context.always,
            directory=context.directory,
            shell=shell_of(context.shell),
            cond=context.cond,
            calls=context.calls,
        )
        self.scripts.append(script)
        if exports in command.value:
            self.changed |= assigned(self.source.repository, command.value)
        return exports in command.value

    def container(self, key: Node, image: Setting | None) -> Container:
        """The container of the scripts, named where the job is."""
        return Container(
            self.source.system.name,
            self.name,
            Place(key.file, key.start),
            image,
            visible=len(self.source.notes) == self.notes,
            scripts=tuple(self.scripts),
        )
