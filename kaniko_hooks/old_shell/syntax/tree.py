"""The syntax tree of a shell script.

Every node has `start` and `end`, code point offsets in the script's text; `end`
is just after the last character. The names are those of POSIX XCU chapter 2 and
of the Bash manual.
"""

from __future__ import annotations

from kaniko_hooks.named_tuple import NamedTuple

# Commands whose arguments are assignments.
DECLARATIONS = frozenset(('export', 'readonly', 'local', 'declare', 'typeset'))


class Text(NamedTuple):
    """Literal text after quote removal.

    It stands in the script as it is if it is as long as its span, else it is
    what an escape stands for.
    """

    value: str
    start: int
    end: int
    quoted: bool


class Parameter(NamedTuple):
    """`$name` or `${name…}`; `${#name}` and `${!name}` have '#' and '!' as operator."""

    name: str
    operator: str  # '', ':-', '-', ':+', '#', '%', '/', '[@]', …
    operand: Word | None
    start: int
    end: int
    quoted: bool


class Substitution(NamedTuple):
    """`$(…)`, backquotes, `<(…)`. `text` is set where backquotes hold escapes:
    the commands after their removal, which have no place of their own."""

    body: tuple[Statement, ...]
    text: str | None
    start: int
    end: int
    quoted: bool


class Arithmetic(NamedTuple):
    """`$((…))`, or what stands in `((…))`: the expansions inside and the names that it sets."""

    pieces: tuple[Piece, ...]
    names: tuple[str, ...]
    text: str
    start: int
    end: int
    quoted: bool


class Opaque(NamedTuple):
    """What another program replaces before the shell starts: `${{ x }}`.

    `name` is how it is written, blanks aside: the same name is the same value.
    It is empty for what only is not known.
    """

    start: int
    end: int
    quoted: bool
    name: str = ''


Piece = Text | Parameter | Substitution | Arithmetic | Opaque


class Word(NamedTuple):
    """One word as written; `active` if commands are substituted or names are set in it."""

    pieces: tuple[Piece, ...]
    start: int
    end: int
    active: bool = False


class Assignment(NamedTuple):
    """`name=word`, `name+=word`, `name=(words)`, `name[subscript]=word`."""

    name: str
    append: bool
    subscript: str | None
    word: Word | None
    array: tuple[Word, ...] | None
    start: int
    end: int


class Heredoc:
    """The text that follows the line of a `<<` redirection."""

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
    start: int
    end: int


class Simple(NamedTuple):
    """Assignments, those after DECLARATIONS too, other words and redirections."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirections: tuple[Redirection, ...]
    start: int
    end: int


class Group(NamedTuple):
    """`{ …; }` or, in a process of its own, `( … )`."""

    body: tuple[Statement, ...]
    subshell: bool
    redirections: tuple[Redirection, ...]
    start: int
    end: int


class Arm(NamedTuple):
    """`if condition; then body` or `elif condition; then body`."""

    condition: tuple[Statement, ...]
    body: tuple[Statement, ...]


class If(NamedTuple):
    arms: tuple[Arm, ...]
    otherwise: tuple[Statement, ...]
    redirections: tuple[Redirection, ...]
    start: int
    end: int


class CaseArm(NamedTuple):
    """`pattern | pattern) body ;;`; `falls` with `;&` and `;;&`."""

    patterns: tuple[Word, ...]
    body: tuple[Statement, ...]
    falls: bool


class Case(NamedTuple):
    word: Word
    arms: tuple[CaseArm, ...]
    redirections: tuple[Redirection, ...]
    start: int
    end: int


class For(NamedTuple):
    """`for name in words`; `words` is None for `for name`, over "$@"."""

    name: str
    words: tuple[Word, ...] | None
    body: tuple[Statement, ...]
    select: bool
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
    end: int


class Function(NamedTuple):
    name: str
    body: Command
    start: int
    end: int


class Test(NamedTuple):
    """`[[ … ]]` or `(( … ))`: no command runs but those substituted in words."""

    words: tuple[Word, ...]
    arithmetic: bool
    redirections: tuple[Redirection, ...]
    start: int
    end: int


Command = Simple | Group | If | Case | For | While | Function | Test


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


class SyntaxProblem(NamedTuple):
    offset: int
    message: str


class Script(NamedTuple):
    text: str
    body: tuple[Statement, ...]
    problems: tuple[SyntaxProblem, ...]
