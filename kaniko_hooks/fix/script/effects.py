"""The variables that commands change for what runs after them, and those that they take over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Union

from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.script.change import printed_to
from kaniko_hooks.fix.script.pieces import (
    NAME,
    commands_in,
    expansions,
    literal,
    parameters,
    ways,
    words_of,
)
from kaniko_hooks.fix.script.setup import is_test
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.syntax.expansions import counted
from kaniko_hooks.old_shell.syntax.parser import parse
from kaniko_hooks.old_shell.syntax.tree import (
    DECLARATIONS,
    Arithmetic,
    Command,
    For,
    Function,
    Group,
    Parameter,
    Pipeline,
    Simple,
    Statement,
    Substitution,
    Word,
)

_LOCAL = frozenset(('local', 'declare', 'typeset'))
# What is set on every way to a place; None where no way leads to.
Sure = Union[frozenset[str], None]

_MAX_CALLS = 20  # in one another
_MAX_COMMANDS = 10_000


class Effects(NamedTuple):
    used: frozenset[str]  # before they are set here for sure
    assigned: frozenset[str]
    sure: frozenset[str]  # those set whatever happens
    counted: frozenset[str]  # those set in arithmetic


def effects(statements: Iterable[Statement], functions: Mapping[str, Function]) -> Effects:
    """What commands and the functions that they call do to variables.

    All is followed as if it ran once, in the order in which it is written; what
    may not run sets nothing for sure.
    """
    walk = _Walk(functions)
    walk.body(statements)
    return Effects(
        frozenset(walk.used),
        frozenset(walk.assigned),
        walk.sure or frozenset(),
        frozenset(walk.counted),
    )


def taken_over(script: str) -> frozenset[str]:
    """The variables that a script of its own uses as it finds them."""
    body = parse(script).body
    commands = commands_in(each for one in body for each in one.pipelines)
    return effects(body, {each.name: each for each in commands if isinstance(each, Function)}).used


class _Walk:
    def __init__(self, functions: Mapping[str, Function]) -> None:
        self.functions = functions
        self.used: set[str] = set()
        self.assigned: set[str] = set()
        self.sure: Sure = frozenset()
        self.returned: Sure = None
        self.counted: set[str] = set()
        self.local: set[str] = set()
        self.calls: list[str] = []
        self.commands = 0

    def body(self, statements: Iterable[Statement]) -> None:
        for statement in statements:
            self.joined(statement)

    def joined(self, statement: Statement) -> None:
        """Pipelines joined by `&&` and `||`: what is sure where the last one failed, and where not.

        Only a test, or what stands before `||`, is thought to fail.
        """
        fails: Sure = None
        following = (*statement.operators, '')
        for index, pipeline in enumerate(statement.pipelines):
            skipped: Sure = None
            if index and statement.operators[index - 1] == '||':
                skipped, self.sure, fails = self.sure, fails, None
            self.pipeline(pipeline)
            if is_test(pipeline) or following[index] == '||':
                fails = _both(fails, self.sure)
            self.sure = _both(self.sure, skipped)
        self.sure = _both(self.sure, fails)

    def pipeline(self, pipeline: Pipeline) -> None:
        before = set(self.assigned), self.sure
        for command in pipeline.commands:
            self.command(command)
        if len(pipeline.commands) > 1:
            self.assigned, self.sure = before  # each ran in a process of its own

    def command(self, command: Command) -> None:
        self.commands += 1
        if self.commands > _MAX_COMMANDS:
            raise Refusal('its script is too long')
        if isinstance(command, Function):
            return
        own = _defaulted(command) if isinstance(command, Simple) else ''
        for word in words_of(command):
            self.word(word, own)
        if isinstance(command, Simple):
            self.simple(command)
            return
        before = set(self.assigned), self.sure
        if isinstance(command, For):
            self.sets(command.name)
        start, ends = self.sure, list[Sure]()
        for way in ways(command):
            self.sure = start
            self.body(way)
            ends.append(self.sure)
        self.sure = reduce(_both, ends, None)
        if isinstance(command, Group) and command.subshell:
            self.assigned, self.sure = before

    def sets(self, *names: str) -> None:
        self.assigned.update(names)
        if self.sure is not None:
            self.sure |= {*names}

    def word(self, word: Word, own: str) -> None:
        """The expansions of a word; what `own` is set to may depend on its value."""
        for piece in expansions(word):
            if isinstance(piece, Arithmetic):
                self.arithmetic(piece.text)
            elif isinstance(piece, Substitution):
                before = set(self.assigned), self.sure
                self.body(piece.body)
                self.assigned, self.sure = before
            elif isinstance(piece, Parameter):
                sets = piece.operator in ('=', ':=')
                if not (sets or piece.name == own) or self.varies(piece.operand):
                    self.use(piece.name)
                if sets:
                    self.sets(piece.name)

    def varies(self, default: Word | None) -> bool:
        """Whether a default value may be another one when the commands run again."""
        return default is not None and any(
            not each.name[:1].isalpha() or each.name in self.assigned
            for each in parameters(default)
        )

    def use(self, name: str) -> None:
        if self.sure is not None and name not in self.sure:
            self.used.add(name)

    def arithmetic(self, text: str) -> None:
        changed = set(counted(text))
        for name in NAME.findall(text):
            self.use(name)
        self.sets(*changed)
        self.counted |= changed

    def simple(self, command: Simple) -> None:
        name = literal(command.words[0]) if command.words else None
        arguments = [literal(word) or '' for word in command.words[1:]]
        self.sets(*printed_to(command))
        if name in _LOCAL and self.calls:
            self.local.update(each.name for each in command.assignments)
            self.local.update(arguments)
            self.sets(*arguments)
        if not command.words or name in DECLARATIONS:
            for each in command.assignments:
                if each.append or each.subscript:
                    self.use(each.name)
                self.sets(each.name)
        elif name in ('read', 'unset'):
            self.sets(*arguments)
        elif name in ('exit', 'return'):
            self.returned = _both(self.returned, self.sure if name == 'return' else None)
            self.sure = None
        elif name == 'let':
            self.arithmetic(' '.join(arguments))
        elif name in self.functions and name not in self.calls and len(self.calls) < _MAX_CALLS:
            self.call(name or '', [each.name for each in command.assignments])

    def call(self, name: str, given: Sequence[str]) -> None:
        before, outer, returned = set(self.assigned), self.local, self.returned
        self.calls.append(name)
        self.local, self.returned = set(given), None
        self.sets(*given)
        self.command(self.functions[name].body)
        left = self.local - before
        self.assigned -= left
        self.counted -= left
        self.sure = _both(self.sure, self.returned)
        if self.sure is not None:
            self.sure -= left
        self.local, self.returned = outer, returned
        self.calls.pop()


def _both(one: Sure, other: Sure) -> Sure:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _defaulted(command: Simple) -> str:
    """The variable that keeps its value where it has one: `name=${name:-word}`."""
    if len(command.assignments) != 1 or command.assignments[0].word is None:
        return ''
    pieces = command.assignments[0].word.pieces
    name = command.assignments[0].name
    is_default = (
        len(pieces) == 1
        and isinstance(pieces[0], Parameter)
        and pieces[0].operator in ('-', ':-')
        and pieces[0].name == name
    )
    return name if is_default else ''
