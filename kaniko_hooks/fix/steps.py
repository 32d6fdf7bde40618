"""A job's script -> its steps in order, each a build, set-up or something else."""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from kaniko_hooks.document.nodes import Mapping as MappingNode
from kaniko_hooks.document.nodes import Node
from kaniko_hooks.document.nodes import Scalar
from kaniko_hooks.fix.layout import Item
from kaniko_hooks.fix.pieces import Piece
from kaniko_hooks.fix.pieces import pieces
from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.refusal import shortened
from kaniko_hooks.fix.setup import is_setup
from kaniko_hooks.fix.setup import prints_only
from kaniko_hooks.fix.trial import Argv
from kaniko_hooks.fix.trial import Setting
from kaniko_hooks.fix.trial import trial
from kaniko_hooks.model import Command
from kaniko_hooks.shell.parser import parse
from kaniko_hooks.shell.tree import For
from kaniko_hooks.shell.tree import Function
from kaniko_hooks.shell.tree import Script
from kaniko_hooks.shell.tree import Statement

SETUP = 'setup'
BUILD = 'build'
LOOP = 'loop'
OTHER = 'other'

MAX_STEPS = 400  # trying each costs what stands before it


class Step(NamedTuple):
    """A piece of an item, or an item from elsewhere as a whole (`piece` is None)."""

    kind: str
    item: int
    piece: Piece | None
    text: str
    argv: Argv = ()


class Steps(NamedTuple):
    steps: tuple[Step, ...]
    functions: dict[str, Function]


def steps(
        setting: Setting, before: Sequence[str], items: Sequence[Item],
        commands: Sequence[Command], file: str,
) -> Steps:
    """The steps of a script; `before` are the texts of `before_script`.

    `commands` are all commands of the script as resolved, from wherever they
    are. Raises Refusal for what cannot be taken apart.
    """
    reading = _Reading(setting, list(before))
    for index, (item, texts) in enumerate(_by_item(items, commands, file)):
        if isinstance(item.node, Scalar) and item.alias is None:
            reading.add_own(index, item.node.value)
        else:
            reading.add_foreign(index, texts)
    return Steps(tuple(reading.steps), reading.functions)


def body_steps(
        setting: Setting, before: Sequence[str], text: str, body: Sequence[Statement],
        functions: Mapping[str, Function],
) -> tuple[Step, ...]:
    """The steps of a loop's body, whose offsets count in `text`. Raises Refusal."""
    reading = _Reading(setting, list(before))
    reading.functions.update(functions)
    reading.add_pieces(0, text, pieces(Script(text, body, ())))
    return tuple(reading.steps)


class _Reading:
    """The steps so far, and the set-up among them: what later ones need to be tried."""

    def __init__(self, setting: Setting, before: list[str]) -> None:
        self.setting = setting
        self.prefix = before
        self.functions: dict[str, Function] = {}
        self.steps: list[Step] = []

    def add_own(self, index: int, text: str) -> None:
        """An item that stands in the job itself."""
        found = _pieces(text)
        if not found:
            self.steps.append(Step(SETUP, index, None, text))
        self.add_pieces(index, text, found)

    def add_pieces(self, index: int, text: str, found: Sequence[Piece]) -> None:
        """The pieces of one item's text."""
        for piece in found:
            last = self.steps[-1] if self.steps else None
            if last is not None and last.piece is not None and last.kind == BUILD and \
                    last.item == index and piece.chained and prints_only(piece.pipelines):
                # What a build's success prints goes with the build.
                merged = last.piece._replace(end=piece.end)
                said = text[last.piece.first:piece.end]
                self.steps[-1] = last._replace(piece=merged, text=said)
                continue
            kind, argv = self._kind(piece, text[piece.first:piece.end])
            self.steps.append(Step(kind, index, piece, text[piece.first:piece.end], argv))

    def add_foreign(self, index: int, texts: Sequence[str]) -> None:
        """An alias, a `!reference` or a nested list: copied as it is written."""
        if not texts and self.steps and self.steps[-1].kind == BUILD and \
                self.steps[-1].piece is None:
            raise Refusal('several items of its script are taken from elsewhere')
        kinds = []
        argv: Argv = ()
        for text in texts:
            for piece in _pieces(text):
                kind, argv = self._kind(piece, text[piece.first:piece.end])
                kinds.append(kind)
        if BUILD in kinds and len(kinds) > 1 or LOOP in kinds:
            raise Refusal(
                f'the item with {shortened(texts[0])} is taken from elsewhere and does '
                'more than one build',
            )
        kind = OTHER if OTHER in kinds else BUILD if BUILD in kinds else SETUP
        self.steps.append(Step(kind, index, None, '\n'.join(texts), argv))

    def _kind(self, piece: Piece, text: str) -> tuple[str, Argv]:
        if len(self.steps) > MAX_STEPS:
            raise Refusal('its script is too long')
        if is_setup(piece.pipelines, self.functions) and not piece.background:
            self._define(piece)
            self.prefix.append(text)
            return SETUP, ()
        tried = trial(self.setting, [*self.prefix, text])
        if tried.builds == 0:
            self.prefix.append(text)
            return OTHER, ()
        if tried.builds == 1:
            return BUILD, tried.argvs[-1]
        command = piece.pipelines[0].commands[0]
        if isinstance(command, For) and len(piece.pipelines[0].commands) == 1:
            return LOOP, ()
        raise Refusal(f'{shortened(text)} alone runs more than one build')

    def _define(self, piece: Piece) -> None:
        for pipeline in piece.pipelines:
            for command in pipeline.commands:
                if isinstance(command, Function):
                    self.functions[command.name] = command


def _pieces(text: str) -> tuple[Piece, ...]:
    script = parse(text)
    if script.problems:
        raise Refusal(f'{shortened(text)} is no complete shell command')
    return pieces(script)


def _by_item(
        items: Sequence[Item], commands: Sequence[Command], file: str,
) -> Iterator[tuple[Item, list[str]]]:
    """Each item with the texts that it stands for.

    Two neighbours from elsewhere cannot be told apart: the first gets all.
    """
    waiting = list(commands)
    for index, item in enumerate(items):
        free = len(waiting) - _kept_for(items[index + 1:], waiting, file)
        count = _known_count(item)
        take = max(free if count is None else min(count, free), 0)
        yield item, [command.text for command in waiting[:take]]
        del waiting[:take]


def _kept_for(items: Sequence[Item], waiting: Sequence[Command], file: str) -> int:
    """How many commands are left for the items that follow."""
    known = 0
    for item in items:
        if isinstance(item.node, Scalar) and item.alias is None:
            for index, command in enumerate(waiting):
                if command.file == file and item.content <= command.offset <= item.end:
                    return len(waiting) - index + known
        known += _known_count(item) or 0
    return known


def _known_count(item: Item) -> int | None:
    """How many commands an item is; None for what a `!reference` brings."""
    count = 0
    stack: list[tuple[Node, int]] = [(item.node, 0)]
    while stack:
        node, depth = stack.pop()
        if node.tag == '!reference' or isinstance(node, MappingNode) or depth > 10:
            return None
        if isinstance(node, Scalar):
            count += 1
        else:
            stack += [(each, depth + 1) for each in node.items]
        if count > 10_000:
            return None
    return count
