"""The syntax tree of a shell script.

Names are those of POSIX XCU chapter 2 and of the Bash manual. `start` and `end`
are code point offsets in the script's text, `end` after the last character. Not
represented: coprocesses and `select` (read as the command
and a `for` over unknown words), extended globs beyond their text.
"""

from __future__ import annotations

from collections.abc import Iterator

from kaniko_hooks.named_tuple import NamedTuple

# Commands whose arguments are assignments.
DECLARATIONS = frozenset(('export', 'readonly', 'local', 'declare', 'typeset'))


class Literal(NamedTuple):
    """Text after quote removal.

    It stands in the script as it is if it is as long as its span, else it is
    what an escape stands for.
    """

    value: str
    start: int
    end: int
    quoted: bool


class Parameter(NamedTuple):
    """`$name` or `${name…}`."""

    name: str
    start: int
    end: int
    quoted: bool
    prefix: str = ''  # '#': its length; '!': the parameter that it names
    subscript: str = ''  # '[@]', '[0]', …
    operator: str = ''  # ':-', '-', ':+', '#', '%', '/', …
    operand: Word | None = None  # of the operator

    @property
    def whole(self) -> str:
        """'@' or '*' where it stands for all items of an array, or all positional parameters."""
        symbol = self.subscript[1:-1] or self.name
        return symbol if symbol in ('@', '*') else ''


class Substitution(NamedTuple):
    """`$(…)`, backquotes, `<(…)`. `text` is set where backquotes have escapes:
    the commands after their removal, which have no place of their own."""

    body: tuple[Statement, ...]
    text: str | None
    start: int
    end: int
    quoted: bool


class Arithmetic(NamedTuple):
    """`$((…))`."""

    pieces: tuple[Piece, ...]
    start: int
    end: int
    quoted: bool


class Unknown(NamedTuple):
    """A hole of the text: another program puts a value there before the shell starts."""

    name: str
    start: int
    end: int
    quoted: bool


Piece = Literal | Parameter | Substitution | Arithmetic | Unknown


class Word(NamedTuple):
    """One word as written."""

    pieces: tuple[Piece, ...]
    start: int
    end: int


class Assignment(NamedTuple):
    """`name=word`, `name+=word`, `name=(words)`, `name[subscript]=word`."""

    name: str
    append: bool
    subscript: str | None
    value: Word | tuple[Word, ...]  # of an array
    start: int
    end: int


class Heredoc:
    """The text that follows the line of a `<<` redirection; filled once it is read."""

    __slots__ = ('body', 'start', 'end')

    def __init__(self) -> None:
        self.body = Word((), 0, 0)
        self.start = 0  # of the first line after the command's
        self.end = 0  # after the line with the delimiter


class Redirection(NamedTuple):
    """`2>&1`, `< file`, `<<EOF`, `<<< word`."""

    operator: str
    descriptor: str
    target: Word
    heredoc: Heredoc | None


class Simple(NamedTuple):
    """Assignments (those after DECLARATIONS too), words and redirections; `((…))` as `let …`."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...]


class Group(NamedTuple):
    """`{ …; }` or, in a process of its own, `( … )`."""

    body: tuple[Statement, ...]
    subshell: bool
    redirections: tuple[Redirection, ...]


class Arm(NamedTuple):
    """`if condition; then body` or `elif condition; then body`."""

    condition: tuple[Statement, ...]
    body: tuple[Statement, ...]


class If(NamedTuple):
    arms: tuple[Arm, ...]
    otherwise: tuple[Statement, ...]
    redirections: tuple[Redirection, ...]


class CaseArm(NamedTuple):
    """`pattern | pattern) body ;;`; `terminator` is ';;', ';&' or ';;&'."""

    patterns: tuple[Word, ...]
    body: tuple[Statement, ...]
    terminator: str


class Case(NamedTuple):
    word: Word
    arms: tuple[CaseArm, ...]
    redirections: tuple[Redirection, ...]


class For(NamedTuple):
    """`for name in words`."""

    name: str
    words: tuple[Word, ...]
    body: tuple[Statement, ...]
    redirections: tuple[Redirection, ...]
    start: int
    end: int


class While(NamedTuple):
    """`while`, `until` and, with its head as the condition, `for ((…))`."""

    condition: tuple[Statement, ...]
    body: tuple[Statement, ...]
    until: bool
    redirections: tuple[Redirection, ...]
    start: int


class Function(NamedTuple):
    name: str
    body: Command


class Test(NamedTuple):
    """`[[ … ]]`: its words, operators among them."""

    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...]


Compound = Group | If | Case | For | While | Test
Command = Simple | Compound | Function


class Pipeline(NamedTuple):
    commands: tuple[Command, ...]
    negated: bool
    start: int
    end: int


class Statement:
    """Pipelines joined by `&&` and `||`: one item of a list.

    `operators` are one less than the pipelines. No tuple, since a type checker
    would compare trees of tuples structurally, without end.
    """

    __slots__ = ('pipelines', 'operators', 'background', 'start', 'end')

    def __init__(
        self,
        pipelines: tuple[Pipeline, ...],
        operators: tuple[str, ...],
        background: bool,
        start: int,
        end: int,
    ) -> None:
        self.pipelines = pipelines
        self.operators = operators
        self.background = background
        self.start = start
        self.end = end


class Script(NamedTuple):
    """A parsed text."""

    body: tuple[Statement, ...]
    problems: tuple[tuple[int, str], ...]  # offset and message of each
    comments: tuple[tuple[int, int], ...]  # start and end of each, in order


def walk(node: object) -> Iterator[object]:
    """A node and all nodes below it, in the order of the text."""
    waiting = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Statement):
            yield item
            waiting.extend(reversed(item.pipelines))
        elif isinstance(item, tuple):
            if hasattr(item, '_fields'):
                yield item
            waiting.extend(reversed(item))


def literal(word: Word) -> str | None:
    """The text of a word without expansions, quotes removed; None for other words."""
    texts = [piece.value for piece in word.pieces if isinstance(piece, Literal)]
    return ''.join(texts) if len(texts) == len(word.pieces) else None
