"""Text of a POSIX sh, busybox ash or bash script -> syntax tree.

It tolerates errors: a word that is in the wrong place is passed over, a list may
end with the text, and what stands below the first line of another statement that
does not end is read without it. The grammar is that of POSIX XCU 2.10 and of the Bash manual.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kaniko_hooks.shell import TooMuch, tree
from kaniko_hooks.shell.lexer import Lexer, Malformed
from kaniko_hooks.text import Text

# Characters that are read once more after errors.
_MAX_REREAD = 200_000

# A word that may be reserved, or an operator.
_TOKEN = re.compile(r';;&?|;&|\(\(|[()]|[^\s;&|()<>]*')
_CLOSERS = frozenset(') ;;& ;; ;& then else elif fi do done esac }'.split())
_OPENERS = frozenset('if case for select while until { [[ ( (('.split())
_PREFIXES = frozenset(('!', 'time', 'coproc'))
_ASSIGNMENT = re.compile(r'([A-Za-z_]\w*)(\[[^\]\n]{0,200}\])?(\+?)=', re.ASCII)
_NAME = r'([^\s|&;()<>$`"\'\\{}=]+)'
_BRACKETS = r'[ \t]*\([ \t]*\)'
_FUNCTION = re.compile(rf'function[ \t]+{_NAME}(?:{_BRACKETS})?|{_NAME}{_BRACKETS}')
# Rare ones, compiled when they are first needed.
_TEST_TOKEN = r'&&|\|\||[()|;&]|[<>](?!\()'
_EXPRESSION = r'[^\s$`"\'\\]+'  # of a regular expression

_ARM_ENDS = (';;&', ';;', ';&')
_SEPARATORS = frozenset('\n;&|)')


def parse(text: Text) -> tree.Script:
    """The syntax tree of a script; its offsets are those of `text.value`. Raises TooMuch."""
    return _Parser(text).script()


class _Parser(Lexer):
    """Recursive descent over lists, pipelines and commands."""

    def script(self) -> tree.Script:
        body: list[tree.Statement] = []
        rereads = _MAX_REREAD
        while self.at < self.end:
            start = self.at
            try:
                if not self._list_ends():
                    start = self.at
                    body.append(self._statement())
            except Malformed as error:
                self.problems.append((start, str(error)))
                rereads -= self.at - start
                if rereads < 0:
                    raise TooMuch from None
                self.heredocs.clear()
                self.end = len(self.text)
                self.depth = 0
                self.at = min(self.line_end(start) + 1, self.end)
        return tree.Script(tuple(body), tuple(self.problems), tuple(sorted(self.comments.items())))

    # Lists and pipelines

    def statements(self, *closers: str) -> tuple[tree.Statement, ...]:
        """The list up to one of these words, or to the end of the text."""
        self.enter()
        body: list[tree.Statement] = []
        while not self._list_ends(*closers):
            body.append(self._statement())
        self.depth -= 1
        return tuple(body)

    def block(self, closer: str) -> tuple[tree.Statement, ...]:
        """The list up to this word, which is skipped; without it, to the end of the text."""
        body = self.statements(closer)
        self._close(closer)
        return body

    def _close(self, word: str) -> None:
        if not self.skip(word):
            self.report(f'missing {word}')

    def _list_ends(self, *closers: str) -> bool:
        """Skip what ends no statement and no list, and look whether the list ends here."""
        while True:
            self.skip_newlines()
            token = self._token()
            if self.at >= self.end or token in closers:
                return True
            if token not in _CLOSERS and (token or not self._at_separator()):
                return False
            self.report(f'unexpected {token or self.text[self.at]}')
            self.at += len(token) or 1

    def _token(self) -> str:
        """The word that may be reserved or the operator that starts here; '' for others."""
        match = None if self.at in self.holes else _TOKEN.match(self.text, self.at, self.end)
        return match[0] if match else ''

    def _statement(self) -> tree.Statement:
        """Pipelines joined by `&&` and `||`, and the `;` or `&` after them."""
        start = self.at
        pipelines: list[tree.Pipeline] = []
        operators: list[str] = []
        while True:
            pipelines.append(self._pipeline())
            operator = self.text[self.at : min(self.at + 2, self.end)]
            if operator not in ('&&', '||'):
                break
            operators.append(operator)
            self.at += 2
            self.skip_newlines()
        background = operator[:1] == '&'
        if background or operator[:1] == ';' and operator not in (';;', ';&'):
            self.at += 1
        return tree.Statement(
            tuple(pipelines), tuple(operators), background, start, pipelines[-1].end
        )

    def _pipeline(self) -> tree.Pipeline:
        start = self.at
        negated = False
        while (token := self._token()) in _PREFIXES:
            negated ^= token == '!'
            self.at += len(token)
            self.skip_blanks()
        commands: list[tree.Command] = []
        while True:
            commands.append(self._command())
            end = self.at
            self.skip_blanks()
            if not self.looking_at('|') or self.looking_at('||'):
                return tree.Pipeline(tuple(commands), negated, start, end)
            self.at += 2 if self.looking_at('|&') else 1
            self.skip_newlines()

    # Commands

    def _command(self) -> tree.Command:
        function = _FUNCTION.match(self.text, self.at, self.end)
        if function:
            self.at = function.end()
            self.enter()
            self.skip_newlines()
            body = self._command()
            self.depth -= 1
            return tree.Function(function[1] or function[2], body)
        token = self._token()
        return self._compound(token) if token in _OPENERS else self._simple()

    def _simple(self) -> tree.Simple:
        """Assignments, words and redirections in any order."""
        start = end = self.at
        assignments: list[tree.Assignment] = []
        words: list[tree.Word] = []
        redirections: list[tree.Redirection] = []
        may_assign = True
        while self.at < self.end:
            if self._at_separator():
                break
            redirection = self.redirection()
            match = _ASSIGNMENT.match(self.text, self.at, self.end) if may_assign else None
            if redirection:
                redirections.append(redirection)
            elif match:
                assignments.append(self._assignment(match))
            else:
                word = self.word()
                if word is None:
                    self.report(f'unexpected {self.text[self.at]}')
                    end = self.line_end(self.at)
                    break
                if not words:
                    may_assign = tree.literal(word) in tree.DECLARATIONS
                words.append(word)
            end = self.at
            self.skip_blanks()
        if end == start:
            raise Malformed('missing command')
        self.at = end
        return tree.Simple(tuple(assignments), tuple(words), tuple(redirections))

    def _at_separator(self) -> bool:
        """A simple command ends here."""
        is_separator = self.text[self.at] in _SEPARATORS and not self.looking_at('&>')
        return is_separator and self.at not in self.holes

    def _assignment(self, match: re.Match[str]) -> tree.Assignment:
        start = self.at
        self.at = match.end()
        name, subscript, append = match.groups()
        value: tree.Word | tuple[tree.Word, ...]
        if self.looking_at('(') and self.at not in self.holes:
            self.at += 1
            value = self._words(self.skip_newlines)
            self.expect(')')
        else:
            value = self.word() or tree.Word((), self.at, self.at)
        return tree.Assignment(name, bool(append), subscript, value, start, self.at)

    def _words(self, skip: Callable[[], None]) -> tuple[tree.Word, ...]:
        """Words, and what may be between them."""
        words: list[tree.Word] = []
        skip()
        while word := self.word():
            words.append(word)
            skip()
        return tuple(words)

    def _redirections(self) -> tuple[tree.Redirection, ...]:
        """Redirections after a compound command."""
        redirections: list[tree.Redirection] = []
        while True:
            end = self.at
            self.skip_blanks()
            redirection = self.redirection()
            if redirection is None:
                self.at = end
                return tuple(redirections)
            redirections.append(redirection)

    # Compound commands

    def _compound(self, token: str) -> tree.Command:
        start = self.at
        if token == '((':
            calculation = self._calculation()
            if calculation:
                return calculation
            token = '('
        self.at += len(token)
        if token == 'if':
            return self._if()
        if token == 'case':
            return self._case()
        if token in ('for', 'select'):
            return self._for(start, token == 'select')
        if token in ('while', 'until'):
            condition, body = self.block('do'), self.block('done')
            return tree.While(condition, body, token == 'until', self._redirections(), start)
        if token == '[[':
            return tree.Test(self._test(), self._redirections())
        body = self.block(')' if token == '(' else '}')
        return tree.Group(body, token == '(', self._redirections())

    def _calculation(self) -> tree.Simple | None:
        """`((…))` here, as `let` with the expression; None where it is a subshell."""
        start = self.at
        expression = self.arithmetic(start)
        if expression is None:
            return None
        command = tree.Word((tree.Literal('let', start, start, False),), start, start)
        words = (command, tree.Word(expression, start, self.at))
        return tree.Simple((), words, self._redirections())

    def _if(self) -> tree.If:
        arms: list[tree.Arm] = []
        while True:
            condition = self.block('then')
            arms.append(tree.Arm(condition, self.statements('elif', 'else', 'fi')))
            if not self.skip('elif'):
                break
        otherwise = self.statements('fi') if self.skip('else') else ()
        self._close('fi')
        return tree.If(tuple(arms), otherwise, self._redirections())

    def _for(self, start: int, is_select: bool) -> tree.For | tree.While:
        self.skip_blanks()
        at = self.at
        calculation = self._calculation()
        if calculation:
            pipeline = tree.Pipeline((calculation,), False, at, self.at)
            condition = (tree.Statement((pipeline,), (), False, at, self.at),)
            return tree.While(condition, self._do(), False, self._redirections(), start)
        name = self._token()
        if not name.isidentifier():
            self.report('for without a name')
        self.at += len(name)
        self.skip_newlines()
        # Without `in` they are "$@".
        words: tuple[tree.Word, ...] = (tree.Word((tree.Parameter('@', at, at, True),), at, at),)
        if self.skip('in'):
            words = self._words(self.skip_blanks)
        if is_select:
            # Its words are chosen any number of times.
            words = (tree.Word((tree.Unknown('', at, at, False),), at, at),)
        return tree.For(name, words, self._do(), self._redirections(), start, self.at)

    def _do(self) -> tuple[tree.Statement, ...]:
        """`do … done`; bash's `{ … }` as well."""
        self.skip_newlines()
        if self.skip(';'):
            self.skip_newlines()
        if self.skip('{'):
            return self.block('}')
        self.expect('do')
        return self.block('done')

    def _case(self) -> tree.Case:
        self.skip_newlines()
        subject = self.word() or tree.Word((), self.at, self.at)
        self.skip_newlines()
        self.expect('in')
        arms: list[tree.CaseArm] = []
        while not self._skip_after_newlines('esac'):
            arms.append(self._case_arm())
        return tree.Case(subject, tuple(arms), self._redirections())

    def _case_arm(self) -> tree.CaseArm:
        self.skip('(')
        patterns = list(self._words(self.skip_blanks))
        while self.skip('|'):
            patterns += self._words(self.skip_blanks)
        self.expect(')')
        body = self.statements(*_ARM_ENDS, 'esac')
        return tree.CaseArm(tuple(patterns), body, next(filter(self.skip, _ARM_ENDS), ';;'))

    def _test(self) -> tuple[tree.Word, ...]:
        """The words of `[[ … ]]`, operators included, after the opening brackets."""
        token, expression = re.compile(_TEST_TOKEN), re.compile(_EXPRESSION)
        words: list[tree.Word] = []
        while not self._skip_after_newlines(']]'):
            is_expression = bool(words) and tree.literal(words[-1]) == '=~'
            match = None if is_expression else token.match(self.text, self.at, self.end)
            if match:
                self.at = match.end()
                operator = tree.Literal(match[0], *match.span(), False)
                words.append(tree.Word((operator,), *match.span()))
                continue
            word = self.word(expression) if is_expression else self.word()
            if word is None:
                raise Malformed('missing ]]')
            words.append(word)
        return tuple(words)

    def _skip_after_newlines(self, token: str) -> bool:
        self.skip_newlines()
        return self.skip(token)
