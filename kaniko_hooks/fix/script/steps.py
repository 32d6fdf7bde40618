"""A job's script -> its steps in order, each a build, set-up or something else."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.ci.gitlab.jobs import Command, strings_of
from kaniko_hooks.ci.gitlab.values import Table, get
from kaniko_hooks.document.nodes import MappingNode, Node, ScalarNode, items_of
from kaniko_hooks.fix.layout import Item
from kaniko_hooks.fix.refusal import Refusal, shortened
from kaniko_hooks.fix.script.pieces import Piece, pieces
from kaniko_hooks.fix.script.setup import is_setup, is_test
from kaniko_hooks.fix.script.sourced import read_in
from kaniko_hooks.fix.script.trial import NOTHING, Argv, Met, Setting, trial
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.syntax.parser import parse
from kaniko_hooks.old_shell.syntax.tree import For, Function, Script, Statement

SETUP = 'setup'
BUILD = 'build'
LOOP = 'loop'
OTHER = 'other'

# Trying a step costs what stands before it.
MAX_STEPS = 400
MAX_TRIED = 250_000  # code points, each time that they are tried
_COMMAND = 50  # code points that cost what a command costs beside its length


class Step(NamedTuple):
    """A piece of an item, or an item from elsewhere as a whole (`piece` is None)."""

    kind: str
    item: int
    piece: Piece | None
    text: str
    met: Met = NOTHING  # a build's

    @property
    def argv(self) -> Argv:
        return self.met.argv


def is_sure(step: Step) -> bool:
    """Whether a step does not depend on a test before it in its `&&` chain."""
    piece = step.piece
    return piece is None or not any(
        is_test(each) for each in piece.whole.pipelines if each.start < piece.pipelines[0].start
    )


class Steps(NamedTuple):
    steps: tuple[Step, ...]
    functions: dict[str, Function]


def steps(
    setting: Setting,
    before: Sequence[str],
    items: Sequence[Item],
    commands: Sequence[Command],
    table: Table,
) -> Steps:
    """The steps of a script; `before` are the texts of `before_script`.

    `commands` are all commands of the script as resolved, from wherever they
    are; `table` is the pipeline, for what `!reference` items bring. Raises
    Refusal for what cannot be taken apart.
    """
    reading = _Reading(setting, list(before))
    counts = [_count(item, table) for item in items]
    if sum(counts) != len(commands):
        raise Refusal('an item of its script stands for several commands from elsewhere')
    at = 0
    for index, (item, count) in enumerate(zip(items, counts)):
        texts = [command.text for command in commands[at : at + count]]
        at += count
        if isinstance(item.node, ScalarNode) and item.alias is None:
            reading.add_own(index, item.node.value)
        else:
            reading.add_foreign(index, texts)
    return Steps(tuple(reading.steps), reading.functions)


def body_steps(
    setting: Setting,
    before: Sequence[str],
    text: str,
    body: tuple[Statement, ...],
    functions: dict[str, Function],
) -> tuple[Step, ...]:
    """The steps of a loop's body, whose offsets count in `text`. Raises Refusal."""
    reading = _Reading(setting, list(before))
    reading.functions.update(functions)
    reading.add_pieces(0, text, pieces(Script(text, body, ())))
    return tuple(reading.steps)


def setup_of(texts: Sequence[str]) -> list[Step]:
    """The steps of `before_script`, which has no build."""
    return [
        Step(SETUP, 0, piece, text[piece.first : piece.end])
        for text in texts
        for piece in pieces(parse(text))
    ]


class _Reading:
    """The steps so far, and the set-up among them: what later ones need to be tried."""

    def __init__(self, setting: Setting, before: list[str]) -> None:
        self.setting = setting
        self.prefix = before
        self.functions: dict[str, Function] = {}
        self.steps: list[Step] = []
        self.tried = 0
        self.chain: Statement | None = None  # of the last piece in `prefix`
        for index, text in enumerate(before):
            for piece in pieces(parse(text)):
                self._define(piece, before[:index])

    def add_own(self, index: int, text: str) -> None:
        """An item that stands in the job itself."""
        found = _pieces(text)
        if not found:
            self.steps.append(Step(SETUP, index, None, text))
        self.add_pieces(index, text, found)

    def add_pieces(self, index: int, text: str, found: Sequence[Piece]) -> None:
        """The pieces of one item's text."""
        for piece in found:
            said = text[piece.first : piece.end]
            kind, met = self._kind(piece, said)
            self.steps.append(Step(kind, index, piece, said, met))

    def add_foreign(self, index: int, texts: Sequence[str]) -> None:
        """An alias, a `!reference` or a nested list: copied as it is written."""
        kinds = []
        met = NOTHING
        for text in texts:
            for piece in _pieces(text):
                kind, met = self._kind(piece, text[piece.first : piece.end])
                kinds.append(kind)
        if BUILD in kinds and len(kinds) > 1 or LOOP in kinds:
            raise Refusal(
                f'the item with {shortened(texts[0])} stands elsewhere and has more than a build'
            )
        kind = OTHER if OTHER in kinds else BUILD if BUILD in kinds else SETUP
        self.steps.append(Step(kind, index, None, '\n'.join(texts), met))

    def _kind(self, piece: Piece, text: str) -> tuple[str, Met]:
        if len(self.steps) > MAX_STEPS:
            raise Refusal('its script is too long')
        if self._define(piece, self.prefix):
            self.prefix = self._followed_by(piece, text)
            self.chain = piece.whole
            return SETUP, NOTHING
        texts = self._followed_by(piece, text)
        self.tried += sum(map(len, texts)) + _COMMAND * len(texts)
        if self.tried > MAX_TRIED:
            raise Refusal('its script is too long')
        tried = trial(self.setting, texts)
        if tried.builds == 0:
            self.prefix = texts
            self.chain = piece.whole
            return OTHER, NOTHING
        if tried.builds == 1:
            return BUILD, tried.last
        command = piece.pipelines[0].commands[0]
        if isinstance(command, For) and len(piece.pipelines[0].commands) == 1:
            return LOOP, NOTHING
        raise Refusal(f'{shortened(text)} alone runs more than one build')

    def _followed_by(self, piece: Piece, text: str) -> list[str]:
        """The texts of the set-up so far and a piece, in its chain of `&&`."""
        joined = piece.chained and piece.whole is self.chain
        if joined:
            return [*self.prefix[:-1], f'{self.prefix[-1]} && {text}']
        return [*self.prefix, text]

    def _define(self, piece: Piece, before: Sequence[str]) -> bool:
        """Note the functions that a piece defines or reads in; whether it is set-up."""
        read = read_in(self.setting, before, piece)
        own = [each for pipeline in piece.pipelines for each in pipeline.commands]
        setup = (
            read is not None
            or not piece.background
            and is_setup(piece.pipelines, self.functions, piece.chained)
        )
        for each in own if setup else ():
            if isinstance(each, Function):
                if each.name in self.functions:
                    raise Refusal(f'its script defines the function {each.name} twice')
                self.functions[each.name] = each
        self.functions.update((each.name, each) for each in read or ())
        return setup


def _pieces(text: str) -> tuple[Piece, ...]:
    script = parse(text)
    if script.problems:
        raise Refusal(f'{shortened(text)} is no complete shell command')
    return pieces(script)


def _count(item: Item, table: Table) -> int:
    """How many commands an item is, nested lists and references included."""
    count = visits = 0
    stack: list[Node] = [item.node]
    while stack and visits < 10_000:
        node = stack.pop()
        visits += 1
        if node.tag == '!reference':
            path = [each.value for each in items_of(node) if isinstance(each, ScalarNode)]
            value = get(table, *path)
            count += len(strings_of(value)) if value is not None else 0
        elif isinstance(node, ScalarNode):
            count += 1
        elif isinstance(node, MappingNode):
            raise Refusal('an item of its script is no command')
        else:
            stack += items_of(node)
    return count
