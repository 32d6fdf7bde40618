"""Text of a POSIX sh, busybox ash or bash script -> syntax tree.

It tolerates errors: one costs a command, not the script. It reads in time
linear in the text. The grammar is that of POSIX XCU 2.10 and of the Bash manual.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.shell import tree
from kaniko_hooks.shell.lexer import Lexer, Unterminated
from kaniko_hooks.text import Text

# Statements of a script; more are too many to be evaluated.
_MAX_STATEMENTS = 40_000

# A word that may be reserved, or an operator.
_TOKEN = re.compile(r';;&?|;&|\(\(|[()]|[^\s;&|()<>]*')
_CLOSERS = frozenset(') ;;& ;; ;& then else elif fi do done esac }'.split())
_OPENERS = frozenset('if case for select while until { [[ ( (('.split())
_PREFIXES = frozenset(('!', 'time', 'coproc'))
_ASSIGNMENT = re.compile(r'([A-Za-z_]\w*)(\[[^\]\n]{0,200}\])?(\+?)=', re.ASCII)
_NAME = r'([^\s|&;()<>$`"\'\\{}=]+)'
_BRACKETS = r'[ \t]*\([ \t]*\)'
_FUNCTION = re.compile(rf'function[ \t]+{_NAME}(?:{_BRACKETS})?|{_NAME}{_BRACKETS}')
# Rare, so it is compiled when it is first needed.
_TEST_TOKEN = r'&&|\|\||[()<>](?!\()|\(|\]\](?=[\s;&|()<>]|\Z)'

_ARM_ENDS = (';;&', ';;', ';&')
_SIMPLE_ENDS = frozenset('\n;&|)')


def parse(text: Text) -> tree.Script:
    """The syntax tree of a script; its offsets are those of `text.value`."""
    holes = {hole.start: (hole.end, hole.name) for hole in text.holes}
    return _Parser(text.value, holes).script()


class _Parser(Lexer):
    """Recursive descent over lists, pipelines and commands."""

    def __init__(self, text: str, holes: Mapping[int, tuple[int, str]]) -> None:
        super().__init__(text, holes)
        # The words that may end each list around the place in the text.
        self._closers: list[frozenset[str]] = []
        self._statements_left = _MAX_STATEMENTS

    def script(self) -> tree.Script:
        body: list[tree.Statement] = []
        # After errors all of the text may be read twice.
        rewinds = self.end
        while self.at < self.end:
            try:
                self._list(frozenset(), body)
            except Unterminated as error:
                self._closers.clear()
                self.heredocs.clear()
                self.end = len(self.text)
                self.depth = 0
                if rewinds > 0 and self.complete:
                    rewinds -= self.at - error.offset
                    self.at = error.offset
                self.at = min(self.line_end(self.at) + 1, self.end)
        return tree.Script(tuple(body), tuple(self.problems), tuple(self.comments), self.complete)

    # Lists and pipelines

    def commands_until(self, closer: str) -> tuple[tree.Statement, ...]:
        # No word outside of them closes them.
        closers, self._closers = self._closers, []
        body = self._statements(closer)
        self._closers = closers
        return body

    def _statements(self, *closers: str) -> tuple[tree.Statement, ...]:
        """The list up to one of these words, or up to one that closes a list around it."""
        body: list[tree.Statement] = []
        self._list(frozenset(closers), body)
        return tuple(body)

    def _list(self, closers: frozenset[str], body: list[tree.Statement]) -> None:
        self._closers.append(closers)
        while True:
            self.skip_newlines()
            if self.at >= self.end:
                break
            start = self.at
            token = self._token()
            if token not in _CLOSERS:
                self._statement(body)
            elif any(token in words for words in self._closers):
                break
            if self.at == start:
                self.report('unexpected ' + self.text[start])
                self.at += len(token) if token in _CLOSERS else 1
        self._closers.pop()

    def _token(self) -> str:
        """The word that may be reserved or the operator that starts here; '' for others."""
        match = None if self.at in self.holes else _TOKEN.match(self.text, self.at, self.end)
        return match.group() if match else ''

    def _statement(self, body: list[tree.Statement]) -> None:
        """Pipelines joined by `&&` and `||`, and the `;` or `&` after them."""
        start = end = self.at
        pipelines: list[tree.Pipeline] = []
        operators: list[str] = []
        while True:
            pipeline = self._pipeline()
            if pipeline:
                pipelines.append(pipeline)
                end = pipeline.end
            operator = self.text[self.at : min(self.at + 2, self.end)]
            if operator not in ('&&', '||'):
                break
            self.at += 2
            if pipeline:
                operators.append(operator)
            self.skip_newlines()
        if not pipelines:
            return
        background = operator[:1] == '&'
        if background or operator[:1] == ';' and operator not in (';;', ';&'):
            self.at += 1
        del operators[len(pipelines) - 1 :]
        body.append(tree.Statement(tuple(pipelines), tuple(operators), background, start, end))
        self._statements_left -= 1
        if not self._statements_left:
            self.stop()

    def _pipeline(self) -> tree.Pipeline | None:
        start = self.at
        negated = False
        token = self._token()
        while token in _PREFIXES:
            negated ^= token == '!'
            self.at += len(token)
            self.skip_blanks()
            token = self._token()
        commands: list[tree.Command] = []
        while True:
            command = self._command()
            if command:
                commands.append(command)
            self.skip_blanks()
            if not self.looking_at('|') or self.looking_at('||'):
                break
            self.at += 2 if self.looking_at('|&') else 1
            self.skip_newlines()
        if not commands:
            return None
        return tree.Pipeline(tuple(commands), negated, start, commands[-1].end)

    # Commands

    def _command(self) -> tree.Command | None:
        """The command that starts here, None if none does."""
        function = _FUNCTION.match(self.text, self.at, self.end)
        if function:
            return self._function(function)
        token = self._token()
        if token not in _OPENERS:
            return self._simple()
        self.enter()
        compound = self._compound(token)
        self.depth -= 1
        return compound

    def _function(self, match: re.Match[str]) -> tree.Command | None:
        """A definition; a name without a body is nothing."""
        start = self.at
        self.at = match.end()
        self.enter()
        self.skip_newlines()
        body = self._command()
        self.depth -= 1
        if body is None:
            self.report('function without a body')
            return None
        return tree.Function(match[1] or match[2], body, start, body.end)

    def _simple(self) -> tree.Simple | None:
        """Assignments, words and redirections in any order; None if there are none."""
        start = end = self.at
        assignments: list[tree.Assignment] = []
        words: list[tree.Word] = []
        redirections: list[tree.Redirection] = []
        may_assign = True
        while self.at < self.end:
            char = self.text[self.at]
            if char in _SIMPLE_ENDS and not self.looking_at('&>') and self.at not in self.holes:
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
                    self.report('unexpected ' + self.text[self.at])
                    self.at = self.line_end(self.at)
                    break
                if not words:
                    may_assign = tree.literal(word) in tree.DECLARATIONS
                words.append(word)
            end = self.at
            self.skip_blanks()
        if end == start:
            return None
        return tree.Simple(tuple(assignments), tuple(words), tuple(redirections), start, end)

    def _assignment(self, match: re.Match[str]) -> tree.Assignment:
        start = self.at
        self.at = match.end()
        name, subscript, append = match.groups()
        value: tree.Word | tuple[tree.Word, ...]
        if self.looking_at('(') and self.at not in self.holes:
            value = self._array()
        else:
            value = self.word() or tree.Word((), self.at, self.at)
        return tree.Assignment(name, bool(append), subscript, value, start, self.at)

    def _array(self) -> tuple[tree.Word, ...]:
        """`(word word …)`, over several lines and with comments."""
        self.at += 1
        words: list[tree.Word] = []
        while self.at < self.end:
            self.skip_blanks()
            if self.skip(')'):
                return tuple(words)
            word = self.word()
            if word:
                words.append(word)
            elif not self.skip('\n'):
                break
        self.report('missing )')
        return tuple(words)

    def _compound(self, token: str) -> tree.Compound:
        start = self.at
        if token == '((':
            end = self.arithmetic_end(start)
            if end:
                expression = self.calculation(start, start + 2, end, False)
                return tree.Calculation(expression, *self._redirections(start))
            token = '('
        self.at += len(token)
        if token == 'if':
            return self._if(start)
        if token == 'case':
            return self._case(start)
        if token in ('for', 'select'):
            return self._for(start, token == 'select')
        if token in ('while', 'until'):
            condition = self._statements('do')
            return tree.While(condition, self._do(), token == 'until', *self._redirections(start))
        if token == '[[':
            return tree.Test(self._test(), *self._redirections(start))
        closer = ')' if token == '(' else '}'
        body = self._statements(closer)
        if not self._closed(closer) and token == '(':
            raise self.unterminated(start, 'subshell')
        return tree.Group(body, token == '(', *self._redirections(start))

    def _closed(self, word: str) -> bool:
        """Skip the closing word; without it the construct ends where it is."""
        if self.skip(word):
            return True
        self.report(f'missing {word}')
        return False

    def _redirections(self, start: int) -> tuple[tuple[tree.Redirection, ...], int, int]:
        """Redirections after a compound command, its start and end."""
        redirections: list[tree.Redirection] = []
        while True:
            end = self.at
            self.skip_blanks()
            redirection = self.redirection()
            if redirection is None:
                return tuple(redirections), start, redirections[-1].end if redirections else end
            redirections.append(redirection)

    def _if(self, start: int) -> tree.If:
        arms: list[tree.Arm] = []
        otherwise: tuple[tree.Statement, ...] = ()
        while True:
            condition = self._statements('then')
            body: tuple[tree.Statement, ...] = ()
            if self._closed('then'):
                body = self._statements('elif', 'else', 'fi')
            arms.append(tree.Arm(condition, body))
            if not self.skip('elif'):
                break
        if self.skip('else'):
            otherwise = self._statements('fi')
        self._closed('fi')
        return tree.If(tuple(arms), otherwise, *self._redirections(start))

    def _do(self) -> tuple[tree.Statement, ...]:
        """`do … done`; bash's `{ … }` as well."""
        self.skip_newlines()
        if self.skip(';'):
            self.skip_newlines()
        opener, closer = ('{', '}') if self.looking_at('{') else ('do', 'done')
        if not self._closed(opener):
            return ()
        body = self._statements(closer)
        self._closed(closer)
        return body

    def _for(self, start: int, is_select: bool) -> tree.Compound:
        self.skip_blanks()
        if self.looking_at('(('):
            end = self.arithmetic_end(self.at)
            if end:
                return self._counting_for(start, end)
        name = self._token()
        if not name.isidentifier():
            self.report('for without a name')
        self.at += len(name)
        self.skip_newlines()
        # Without `in` they are "$@".
        arguments = tree.Parameter('@', self.at, self.at, True)
        words = [tree.Word((arguments,), self.at, self.at)]
        if self._token() == 'in':
            self.at += len('in')
            words = []
            self.skip_blanks()
            while word := self.word():
                words.append(word)
                self.skip_blanks()
        if is_select:
            # Its words are chosen any number of times.
            words = [tree.Word((tree.Unknown('', self.at, self.at, False),), self.at, self.at)]
        body = self._do()
        return tree.For(name, tuple(words), body, *self._redirections(start))

    def _counting_for(self, start: int, end: int) -> tree.While:
        at = self.at
        head = tree.Calculation(self.calculation(at, at + 2, end, False), (), at, end)
        pipeline = tree.Pipeline((head,), False, at, end)
        condition = (tree.Statement((pipeline,), (), False, at, end),)
        return tree.While(condition, self._do(), False, *self._redirections(start))

    def _case(self, start: int) -> tree.Case:
        self.skip_newlines()
        subject = self.word() or tree.Word((), self.at, self.at)
        self.skip_newlines()
        arms: list[tree.CaseArm] = []
        if self._closed('in'):
            self.skip_newlines()
            while self.at < self.end and not self.looking_at('esac'):
                before = self.at
                arms.append(self._case_arm())
                self.skip_newlines()
                if self.at == before:
                    break
        self._closed('esac')
        return tree.Case(subject, tuple(arms), *self._redirections(start))

    def _case_arm(self) -> tree.CaseArm:
        self.skip('(')
        patterns: list[tree.Word] = []
        while True:
            self.skip_blanks()
            pattern = self.word()
            if pattern:
                patterns.append(pattern)
            self.skip_blanks()
            if not self.skip('|'):
                break
        body: tuple[tree.Statement, ...] = ()
        terminator = ';;'
        if self._closed(')'):
            body = self._statements(*_ARM_ENDS, 'esac')
            terminator = next(filter(self.skip, _ARM_ENDS), ';;')
        return tree.CaseArm(tuple(patterns), body, terminator)

    def _test(self) -> tuple[tree.Word, ...]:
        """The words of `[[ … ]]`, operators included, after the opening brackets."""
        token = re.compile(_TEST_TOKEN)
        words: list[tree.Word] = []
        while self.at < self.end:
            self.skip_blanks()
            if self.skip('\n'):
                continue
            match = token.match(self.text, self.at, self.end)
            if match and match.group() == ']]':
                self.at = match.end()
                return tuple(words)
            if match:
                start, self.at = self.at, match.end()
                operator = tree.Literal(match.group(), start, self.at, False)
                words.append(tree.Word((operator,), start, self.at))
                continue
            is_expression = bool(words) and tree.literal(words[-1]) == '=~'
            word = self.regular_expression() if is_expression else self.word()
            if word is None:
                break
            words.append(word)
        self.report('missing ]]')
        return tuple(words)
