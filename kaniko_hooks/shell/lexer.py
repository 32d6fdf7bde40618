"""Words, quotes, expansions, redirections, heredocs and comments of a shell script.

The lexer needs the grammar in one place: the commands of `$(…)`. The parser,
its subclass, reads those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from kaniko_hooks.shell import tree

# Real scripts nest less than ten deep; Python's stack must hold what remains.
MAX_DEPTH = 60
# An arithmetic expression is short; a longer text is not searched for its end.
_MAX_ARITHMETIC = 400

# The runner puts a line end after the last command: a backslash there continues it.
_BLANKS = re.compile(r'(?:[ \t\r\f\v]|\\\r?(?:\n|\Z))+')
# With the brackets of an extended pattern, as `!(a|b)`.
_RUN = re.compile(r'[^ \t\r\n\f\v|&;()<>$`"\'\\]+(?:(?<=[?*+@!])\((?:[^()\n]|\([^()\n]*\))*\))?')
_QUOTED = re.compile(r'[^$`"\\]+')
_UNQUOTED = re.compile(r'[^$`\\]+')  # of a heredoc, or an arithmetic expression
_PLAIN = re.compile(r'\$(?:([A-Za-z_]\w*|[0-9@*#?$!\-])|\{([A-Za-z_]\w*)\})', re.ASCII)
_REDIRECTION = re.compile(r'(\d*)(<<[<-]?|<[>&]?|>[>&|]?|&>>?)(?!\()')
# Rarer ones, compiled when they are first needed.
_BRACED = (
    r'\$\{([#!]?)([A-Za-z_]\w*|\d+|[@*#?$!\-])(\[[^\]\n]{0,200}\])?'
    r'(:?[-=?+]|##?|%%?|//?|\^\^?|,,?|[:@]|(?=\}))'
)
_OPERAND = r'(?:[^$`"\'\\}<>]|[<>](?!\())+'  # of `${…}`
_ANSI = r"\$'((?:[^'\\]|\\.)*)'"
_ANSI_LETTERS = {'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', "'": "'", '"': '"'}
_BACKQUOTED = r'`((?:[^`\\]|\\.)*)`'
_ARITHMETIC = r'\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)'


class Unterminated(Exception):
    """A construct without its end; reading goes on after the line of `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__()
        self.offset = offset


class Lexer:
    """A text, the place in it, and what waits there.

    The parser has `commands_until`: the commands up to a bracket, which is left.

    `holes` has the end and the name of each hole by its start; in a hole nothing
    is shell.
    """

    commands_until: Callable[[str], tuple[tree.Statement, ...]]

    def __init__(self, text: str, holes: Mapping[int, tuple[int, str]]) -> None:
        self.text = text
        self.holes = holes
        self._ends = [*holes, len(text)]  # of the text between holes
        self.at = 0
        self.end = len(text)
        self.depth = 0
        self.complete = True
        self.problems: list[tree.SyntaxProblem] = []
        self.comments: list[tuple[int, int]] = []
        # Those of the line that is read: delimiter, expands its text, strips tabs.
        self.heredocs: list[tuple[tree.Heredoc, str, bool, bool]] = []

    # The place in the text

    def report(self, message: str) -> None:
        self.problems.append(tree.SyntaxProblem(self.at, message))

    def unterminated(self, start: int, construct: str) -> Unterminated:
        """The exception for a construct that begins at `start` and does not end."""
        self.problems.append(tree.SyntaxProblem(start, f'unterminated {construct}'))
        return Unterminated(start)

    def enter(self) -> None:
        """Count one more level. Raises Unterminated: too many."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.stop()
            raise Unterminated(self.at)

    def stop(self) -> None:
        """Read no further: there is too much."""
        self.report('too much to be read')
        self.complete = False
        self.at = self.end = len(self.text)

    def looking_at(self, token: str) -> bool:
        return self.text.startswith(token, self.at, self.end)

    def skip(self, token: str) -> bool:
        """Skip a token; False if another one is here."""
        if self.looking_at(token):
            self.at += len(token)
            return True
        return False

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
            start = self.at
            self.at = self.line_end(start)
            # A text that is read once more after an error has each comment once.
            if not self.comments or self.comments[-1][0] < start:
                self.comments.append((start, self.at))

    def skip_newlines(self) -> None:
        """Skip blanks, comments and line ends, and read the heredocs that wait for one."""
        self.skip_blanks()
        while self.skip('\n'):
            if self.heredocs:
                self._read_heredocs()
            self.skip_blanks()

    # Words

    def word(self) -> tree.Word | None:
        """The word that starts here, None if none does."""
        start = self.at
        pieces: list[tree.Piece] = []
        while self.at < self.end:
            if not self._run(pieces, _RUN, False) and not self._special(pieces, False):
                break
        return tree.Word(tuple(pieces), start, self.at) if self.at > start else None

    def _run(self, pieces: list[tree.Piece], pattern: re.Pattern[str], quoted: bool) -> bool:
        """Add a hole or characters of a pattern; False if neither starts here."""
        if self.at in self.holes:
            end, name = self.holes[self.at]
            pieces.append(tree.Unknown(name, self.at, min(end, self.end), quoted))
            self.at = min(end, self.end)
            return True
        end = self.end
        if self.holes:
            # Few scripts have holes.
            from bisect import bisect_right

            end = min(end, self._ends[bisect_right(self._ends, self.at)])
        match = pattern.match(self.text, self.at, end)
        if match:
            self._literal(pieces, match.end(), quoted)
        return match is not None

    def _literal(self, pieces: list[tree.Piece], end: int, quoted: bool) -> None:
        """Add the text up to `end`."""
        pieces.append(tree.Literal(self.text[self.at : end], self.at, end, quoted))
        self.at = end

    def _special(self, pieces: list[tree.Piece], quoted: bool) -> bool:
        """Add an expansion, a quoted text or an escape; False if none starts here."""
        char = self.text[self.at]
        if char == '$':
            self._dollar(pieces, quoted)
        elif char == '`':
            pieces.append(self._backquotes(quoted))
        elif char == '"':
            self._double_quotes(pieces)
        elif char == "'":
            self._single_quotes(pieces)
        elif char == '\\':
            self._escape(pieces, quoted)
        elif char in '<>' and self.text.startswith('(', self.at + 1):
            pieces.append(self._substitution(self.at + 2, True))
        else:
            return False
        return True

    def _double_quotes(self, pieces: list[tree.Piece]) -> None:
        start = self.at
        self.at += 1
        count = len(pieces)
        self._quoted_text(pieces, _QUOTED)
        if not self.skip('"'):
            raise self.unterminated(start, 'quote')
        if len(pieces) == count:
            pieces.append(tree.Literal('', start + 1, start + 1, True))

    def _quoted_text(self, pieces: list[tree.Piece], run: re.Pattern[str]) -> None:
        """Text as in double quotes, up to one that is no part of its runs."""
        while self.at < self.end:
            if self._run(pieces, run, True):
                continue
            if self.text[self.at] == '"':
                return
            self._special(pieces, True)

    def _single_quotes(self, pieces: list[tree.Piece]) -> None:
        start = self.at
        close = self.text.find("'", start + 1, self.end)
        if close < 0:
            raise self.unterminated(start, 'quote')
        self.at += 1
        if close == self.at:
            pieces.append(tree.Literal('', self.at, self.at, True))
        self._verbatim(pieces, close)
        self.at = close + 1

    def _verbatim(self, pieces: list[tree.Piece], end: int) -> None:
        """Add the text up to `end`, in which nothing is expanded."""
        outer, self.end = self.end, end
        anything = re.compile('.+', re.DOTALL)
        while self.at < end:
            self._run(pieces, anything, True)
        self.end = outer

    def _ansi_quotes(self, pieces: list[tree.Piece]) -> None:
        """`$'…'` with the escapes of ANSI C."""
        start = self.at
        match = re.compile(_ANSI, re.DOTALL).match(self.text, start, self.end)
        if match is None:
            raise self.unterminated(start, 'quote')
        # Of a character that is written as a number the notation stays.
        value = re.sub(r'\\(.)', lambda escape: _ANSI_LETTERS.get(escape[1], escape[0]), match[1])
        self.at = match.end()
        pieces.append(tree.Literal(value, *match.span(1), True))

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

    def regular_expression(self) -> tree.Word | None:
        """The word after `=~`: parentheses and bars are text, blanks inside of them too."""
        start = self.at
        pieces: list[tree.Piece] = []
        level = 0
        while self.at < self.end:
            char = self.text[self.at]
            if char == '\n' or level <= 0 and char in ' \t\r':
                break
            word = None if char in '()|<>&; \t\r\f\v' else self.word()
            if word:
                pieces += word.pieces
                continue
            level += (char == '(') - (char == ')')
            self._literal(pieces, self.at + 1, False)
        return tree.Word(tuple(pieces), start, self.at) if pieces else None

    # Expansions

    def _dollar(self, pieces: list[tree.Piece], quoted: bool) -> None:
        start = self.at
        match = _PLAIN.match(self.text, start, self.end)
        if match:
            self.at = match.end()
            name = match[1] or match[2]
            pieces.append(tree.Parameter(name, start, self.at, quoted))
            return
        follower = self.text[start + 1 : min(start + 2, self.end)]
        if follower == '(':
            end = self.arithmetic_end(start + 1) if self.looking_at('$((') else 0
            if end:
                pieces.append(self.calculation(start, start + 3, end, quoted))
            else:
                pieces.append(self._substitution(start + 2, quoted))
        elif follower == '{':
            pieces.append(self._braced(quoted))
        elif follower == "'" and not quoted:
            self._ansi_quotes(pieces)
        elif follower == '"' and not quoted:
            self.at += 1
        else:
            self._literal(pieces, start + 1, quoted)

    def _braced(self, quoted: bool) -> tree.Parameter:
        start = self.at
        match = re.compile(_BRACED).match(self.text, start, self.end)
        if match is None:
            close = self.text.find('}', start, min(start + 400, self.end))
            if close < 0 or '\n' in self.text[start:close]:
                raise self.unterminated(start, 'expansion')
            self.at = close + 1
            # As the names of variables, or what no shell knows: any words.
            return tree.Parameter('', start, self.at, quoted, '!', '[@]')
        prefix, name, subscript, operator = match.groups()
        self.at = match.end()
        # Quotes around an expansion do not quote a pattern in it.
        operand = self._operand(quoted and operator[-1] in '-=?+') if operator else None
        if not self.skip('}'):
            raise self.unterminated(start, 'expansion')
        return tree.Parameter(
            name, start, self.at, quoted, prefix, subscript or '', operator, operand
        )

    def _operand(self, quoted: bool) -> tree.Word:
        """The word of `${name:-word}`, up to the closing brace."""
        self.enter()
        start = self.at
        pieces: list[tree.Piece] = []
        while self.at < self.end and not self.looking_at('}'):
            if self._run(pieces, re.compile(_OPERAND), quoted):
                continue
            if quoted and self.looking_at("'"):
                self._literal(pieces, self.at + 1, True)
            else:
                self._special(pieces, quoted)
        self.depth -= 1
        return tree.Word(tuple(pieces), start, self.at)

    def _substitution(self, inside: int, quoted: bool) -> tree.Substitution:
        start = self.at
        self.at = inside
        self.enter()
        body = self.commands_until(')')
        self.depth -= 1
        if not self.skip(')'):
            raise self.unterminated(start, 'substitution')
        return tree.Substitution(body, None, start, self.at, quoted)

    def _backquotes(self, quoted: bool) -> tree.Substitution:
        """A command substitution of the old form."""
        start = self.at
        match = re.compile(_BACKQUOTED, re.DOTALL).match(self.text, start, self.end)
        if match is None:
            raise self.unterminated(start, 'backquote')
        escape = r'\\([$`\\"])' if quoted else r'\\([$`\\])'
        text = re.sub(escape, r'\1', match[1])
        if text != match[1]:
            self.at = match.end()
            return tree.Substitution((), text, start, self.at, quoted)
        self.enter()
        outer = self.end
        self.at, self.end = match.span(1)
        body = self.commands_until('')
        self.end, self.at = outer, match.end()
        self.depth -= 1
        return tree.Substitution(body, None, start, self.at, quoted)

    def arithmetic_end(self, start: int) -> int:
        """The offset after the `((…))` that starts at `start`; 0 where it is a subshell."""
        limit = min(start + _MAX_ARITHMETIC, self.end)
        match = re.compile(_ARITHMETIC).match(self.text, start, limit)
        return match.end() if match else 0

    def calculation(self, start: int, inside: int, end: int, quoted: bool) -> tree.Arithmetic:
        """An arithmetic expression; `inside` is the offset after its brackets."""
        outer, self.end, self.at = self.end, end - 2, inside
        pieces: list[tree.Piece] = []
        self.enter()
        self._quoted_text(pieces, _UNQUOTED)
        self.depth -= 1
        self.end, self.at = outer, end
        return tree.Arithmetic(tuple(pieces), self.text[inside : end - 2], start, end, quoted)

    # Redirections

    def redirection(self) -> tree.Redirection | None:
        """The redirection that starts here, None if none does."""
        start = self.at
        match = _REDIRECTION.match(self.text, start, self.end)
        if match is None or start in self.holes or match[1] and match[2][0] == '&':
            return None
        operator = match.group(2)
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
        return tree.Redirection(operator, match[1], target, heredoc, start, target.end)

    def _read_heredocs(self) -> None:
        """Read the bodies of the heredocs whose operators are on the line before."""
        waiting, self.heredocs = self.heredocs, []
        for heredoc, delimiter, expands, strips_tabs in waiting:
            heredoc.start = self.at
            tabs = r'\t*' if strips_tabs else ''
            last_line = re.compile(rf'^{tabs}{re.escape(delimiter)}\r*$', re.MULTILINE)
            match = last_line.search(self.text, self.at, self.end)
            if match is None:
                self.report(f'heredoc without its {delimiter}')
            body_end, heredoc.end = match.span() if match else (self.end, self.end)
            heredoc.body = self._heredoc_body(body_end, expands)
            self.at = heredoc.end

    def _heredoc_body(self, stop: int, expands: bool) -> tree.Word:
        start = self.at
        pieces: list[tree.Piece] = []
        outer, self.end = self.end, stop
        if expands:
            self._quoted_text(pieces, _UNQUOTED)
        self._verbatim(pieces, stop)
        self.end = outer
        return tree.Word(tuple(pieces), start, stop)
