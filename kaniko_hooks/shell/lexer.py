"""Words, quotes, expansions, redirections, heredocs and comments of a shell script.

The lexer needs the grammar in one place: the commands of `$(…)`. The parser,
its subclass, reads those.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

from kaniko_hooks.shell import TooMuch, tree
from kaniko_hooks.text import Text

# Real scripts nest less than ten deep; Python's stack must hold what remains.
MAX_DEPTH = 60
# An arithmetic expression is short; a longer text is not searched for its end.
_MAX_ARITHMETIC = 400

# The runner puts a line end after the last command: a backslash there continues it.
_BLANKS = re.compile(r'(?:[ \t\r\f\v]|\\\r?(?:\n|\Z))+')
# With the brackets of an extended pattern, as `!(a|b)`.
_RUN = re.compile(r'[^ \t\r\n\f\v|&;()<>$`"\'\\]+(?:(?<=[?*+@!])\((?:[^()\n]|\([^()\n]*\))*\))?')
_QUOTED = {'"': re.compile(r'[^$`"\\]+'), "'": re.compile(r"[^']+")}
_UNQUOTED = re.compile(r'[^$`\\]+')  # of a heredoc, or an arithmetic expression
_PLAIN = re.compile(r'\$(?:([A-Za-z_]\w*|[0-9@*#?$!\-])|\{([A-Za-z_]\w*)\})', re.ASCII)
_REDIRECTION = re.compile(r'(\d*)(<<[<-]?|<[>&]?|>[>&|]?|&>>?)(?!\()')
# Rarer ones, compiled when they are first needed.
_VERBATIM = r'(?s).+'  # of a heredoc in which nothing is expanded
_BRACED = (
    r'\$\{([#!]?)([A-Za-z_]\w*|\d+|[@*#?$!\-])(\[[^\]\n]{0,200}\])?'
    r'(:?[-=?+]|##?|%%?|//?|\^\^?|,,?|[:@]|(?=\}))'
)
_OTHER_BRACED = r'\$\{[^}\n]{0,400}\}'
_OPERAND = r'(?:[^$`"\'\\}<>]|[<>](?!\())+'  # of `${…}`
_QUOTED_OPERAND = r'[^$`"\\}]+'
_ANSI = r"(?s)\$'((?:[^'\\]|\\.)*)'"
_ANSI_LETTERS = {'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', "'": "'", '"': '"'}
_BACKQUOTED = r'(?s)`((?:[^`\\]|\\.)*)`'
_ARITHMETIC = r'\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)'


class Malformed(Exception):
    """A construct without its end, or without a part that it needs."""


class Lexer:
    """A text, the place in it, and what waits there.

    The parser has `statements`, a list of commands up to one of some words, and
    `block`, which reads the one word as well.
    """

    statements: Callable[..., tuple[tree.Statement, ...]]
    block: Callable[[str], tuple[tree.Statement, ...]]

    def __init__(self, text: Text) -> None:
        self.text = text.value
        self.holes = {hole.start: hole for hole in text.holes}  # in them nothing is shell
        self._ends = [*self.holes, len(self.text)]  # of the text between holes
        self.at = 0
        self.end = len(self.text)
        self.depth = 0
        self.problems: list[tuple[int, str]] = []
        self.comments: dict[int, int] = {}  # their ends by their starts
        # Those of the line that is read: delimiter, expands its text, strips tabs.
        self.heredocs: list[tuple[tree.Heredoc, str, bool, bool]] = []

    # The place in the text

    def report(self, message: str) -> None:
        self.problems.append((self.at, message))

    def enter(self) -> None:
        """Count one more level. Raises TooMuch."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooMuch

    def looking_at(self, token: str) -> bool:
        return self.text.startswith(token, self.at, self.end)

    def skip(self, token: str) -> bool:
        """Skip a token; False if another one is here."""
        if self.looking_at(token):
            self.at += len(token)
            return True
        return False

    def expect(self, token: str) -> None:
        """Skip a token. Raises Malformed."""
        if not self.skip(token):
            raise Malformed(f'missing {token}')

    def line_end(self, start: int) -> int:
        """The end of the line in which an offset is."""
        end = self.text.find('\n', start, self.end)
        return self.end if end < 0 else end

    def skip_blanks(self) -> None:
        """Skip blanks, continued lines and a comment."""
        match = _BLANKS.match(self.text, self.at, self.end)
        if match:
            self.at = match.end()
        if self.looking_at('#') and self.at not in self.holes:
            start, self.at = self.at, self.line_end(self.at)
            self.comments[start] = self.at

    def skip_newlines(self) -> None:
        """Skip blanks, comments and line ends, and read the heredocs that wait for one."""
        self.skip_blanks()
        while self.skip('\n'):
            if self.heredocs:
                self._read_heredocs()
            self.skip_blanks()

    # Words

    def word(self, run: re.Pattern[str] = _RUN) -> tree.Word | None:
        """The word that starts here, None if none does."""
        start = self.at
        pieces = self._pieces(run, False)
        return tree.Word(pieces, start, self.at) if self.at > start else None

    def _pieces(self, run: re.Pattern[str], quoted: bool, stop: str = '') -> tuple[tree.Piece, ...]:
        """Holes, runs of characters and expansions, up to another character or `stop`."""
        pieces: list[tree.Piece] = []
        while self.at < self.end:
            end = self.end
            if self.holes:
                if self.at in self.holes:
                    start, end, name = self.holes[self.at]
                    self.at = min(end, self.end)
                    pieces.append(tree.Unknown(name, start, self.at, quoted))
                    continue
                end = min(end, self._ends[bisect_right(self._ends, self.at)])
            match = run.match(self.text, self.at, end)
            if match:
                pieces.append(tree.Literal(match[0], self.at, match.end(), quoted))
                self.at = match.end()
            elif self.text[self.at] == stop or not self._special(pieces, quoted):
                break
        return tuple(pieces)

    def _special(self, pieces: list[tree.Piece], quoted: bool) -> bool:
        """Add an expansion, a quoted text or an escape; False if none starts here."""
        char = self.text[self.at]
        if char == '$':
            pieces.append(self._dollar(quoted))
        elif char == '`':
            pieces.append(self._backquotes(quoted))
        elif char in _QUOTED:
            self._quotes(pieces, char)
        elif char == '\\':
            self._escape(pieces, quoted)
        elif char in '<>' and self.text.startswith('(', self.at + 1):
            pieces.append(self._substitution(True))
        else:
            return False
        return True

    def _quotes(self, pieces: list[tree.Piece], mark: str) -> None:
        self.at += 1
        start = self.at
        pieces += self._pieces(_QUOTED[mark], True, mark) or [tree.Literal('', start, start, True)]
        self.expect(mark)

    def _escape(self, pieces: list[tree.Piece], quoted: bool) -> None:
        start = self.at
        after = self.text[start + 1 : min(start + 3, self.end)]
        if after in ('', '\r', '\r\n') or after[0] == '\n':
            self.at = min(start + 2 + (after == '\r\n'), self.end)
            return
        self.at = min(start + 2, self.end)
        value = after[0]
        if quoted and value not in '$`"\\':
            value = '\\' + value
        pieces.append(tree.Literal(value, start, self.at, True))

    # Expansions

    def _dollar(self, quoted: bool) -> tree.Piece:
        start = self.at
        match = _PLAIN.match(self.text, start, self.end)
        if match:
            self.at = match.end()
            return tree.Parameter(match[1] or match[2], start, self.at, quoted)
        follower = self.text[start + 1 : min(start + 2, self.end)]
        if follower == '(':
            expression = self.arithmetic(start + 1) if self.looking_at('$((') else None
            if expression is None:
                return self._substitution(quoted)
            return tree.Arithmetic(expression, start, self.at, quoted)
        if follower == '{':
            return self._braced(quoted)
        if follower == "'" and not quoted:
            return self._ansi_quotes()
        self.at += 1
        return tree.Literal('$', start, self.at, quoted)

    def _ansi_quotes(self) -> tree.Literal:
        """`$'…'` with the escapes of ANSI C."""
        match = re.compile(_ANSI).match(self.text, self.at, self.end)
        if match is None:
            raise Malformed("missing '")
        # Of a character that is written as a number the notation stays.
        value = re.sub(r'\\(.)', lambda escape: _ANSI_LETTERS.get(escape[1], escape[0]), match[1])
        self.at = match.end()
        return tree.Literal(value, *match.span(1), True)

    def _braced(self, quoted: bool) -> tree.Parameter:
        start = self.at
        match = re.compile(_BRACED).match(self.text, start, self.end)
        if match is None:
            match = re.compile(_OTHER_BRACED).match(self.text, start, self.end)
            if match is None:
                raise Malformed('missing }')
            self.at = match.end()
            # As the names of variables, or what no shell knows: any words.
            return tree.Parameter('', start, self.at, quoted, '!', '[@]')
        prefix, name, subscript, operator = match.groups()
        self.at = match.end()
        # Quotes around an expansion do not quote a pattern in it.
        operand = self._operand(quoted and operator[-1] in '-=?+') if operator else None
        self.expect('}')
        return tree.Parameter(
            name, start, self.at, quoted, prefix, subscript or '', operator, operand
        )

    def _operand(self, quoted: bool) -> tree.Word:
        """The word of `${name:-word}`, up to the closing brace."""
        self.enter()
        start = self.at
        pieces = self._pieces(re.compile(_QUOTED_OPERAND if quoted else _OPERAND), quoted)
        self.depth -= 1
        return tree.Word(pieces, start, self.at)

    def _substitution(self, quoted: bool) -> tree.Substitution:
        start = self.at
        self.at += len('$(')
        body = self.block(')')
        return tree.Substitution(body, None, start, self.at, quoted)

    def _backquotes(self, quoted: bool) -> tree.Substitution:
        """A command substitution of the old form."""
        start = self.at
        match = re.compile(_BACKQUOTED).match(self.text, start, self.end)
        if match is None:
            raise Malformed('missing `')
        escape = r'\\([$`\\"])' if quoted else r'\\([$`\\])'
        text = re.sub(escape, r'\1', match[1])
        if text != match[1]:
            self.at = match.end()
            return tree.Substitution((), text, start, self.at, quoted)
        outer = self.end
        self.at, self.end = match.span(1)
        body = self.statements()
        self.end, self.at = outer, match.end()
        return tree.Substitution(body, None, start, self.at, quoted)

    def arithmetic(self, start: int) -> tuple[tree.Piece, ...] | None:
        """The expression of the `((…))` at an offset; None where that is a subshell."""
        limit = min(start + _MAX_ARITHMETIC, self.end)
        match = re.compile(_ARITHMETIC).match(self.text, start, limit)
        if match is None:
            return None
        outer, self.end, self.at = self.end, match.end() - 2, start + 2
        pieces = self._pieces(_UNQUOTED, True)
        self.end, self.at = outer, match.end()
        return pieces

    # Redirections

    def redirection(self) -> tree.Redirection | None:
        """The redirection that starts here, None if none does."""
        start = self.at
        match = _REDIRECTION.match(self.text, start, self.end)
        if match is None or start in self.holes or match[1] and match[2][0] == '&':
            return None
        operator = match[2]
        self.at = match.end()
        self.skip_blanks()
        target = self.word()
        if target is None:
            self.report('redirection without a target')
            # No shell runs `<< x >>`; a template writes other words there.
            self.heredocs.clear()
            target = tree.Word((), self.at, self.at)
        heredoc = None
        if operator in ('<<', '<<-') and target.pieces:
            heredoc = tree.Heredoc()
            expands = not any(piece.quoted for piece in target.pieces)
            delimiter = tree.literal(target) or self.text[target.start : target.end]
            self.heredocs.append((heredoc, delimiter, expands, operator == '<<-'))
        return tree.Redirection(operator, match[1], target, heredoc)

    def _read_heredocs(self) -> None:
        """Read the bodies of the heredocs whose operators are on the line before."""
        outer = self.end
        waiting, self.heredocs = self.heredocs, []
        for heredoc, delimiter, expands, strips_tabs in waiting:
            start = heredoc.start = self.at
            tabs = r'\t*' if strips_tabs else ''
            last_line = re.compile(rf'^{tabs}{re.escape(delimiter)}\r*$', re.MULTILINE)
            match = last_line.search(self.text, start, outer)
            if match is None:
                self.report(f'heredoc without its {delimiter}')
            self.end, heredoc.end = match.span() if match else (outer, outer)
            pieces = self._pieces(_UNQUOTED if expands else re.compile(_VERBATIM), True)
            heredoc.body = tree.Word(pieces, start, self.end)
            self.at, self.end = heredoc.end, outer
