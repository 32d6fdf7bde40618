"""A script item's text -> pieces that are kept or dropped as a whole.

A piece is one statement; a chain of `&&` falls into one piece for each of its
commands, so that builds in it can part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.syntax.tree import (
    Arithmetic,
    Assignment,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Parameter,
    Pipeline,
    Redirection,
    Script,
    Simple,
    Statement,
    Substitution,
    Test,
    While,
    Word,
)

NAME = re.compile(r'(?<![\w$])[A-Za-z_]\w*')  # in arithmetic
_COMMENT_LINE = re.compile(r'^[ \t]*#', re.MULTILINE)


class Piece(NamedTuple):
    """Offsets are those of the item's text."""

    start: int  # with the comment lines above it
    first: int  # of its first word
    end: int  # after its last word or here-document
    pipelines: tuple[Pipeline, ...]
    operators: tuple[str, ...]
    background: bool
    chained: bool  # another command stands before it in its `&&` chain
    whole: Statement


def pieces(script: Script) -> tuple[Piece, ...]:
    """The pieces of a script, in order; comments above a piece belong to it."""
    found: list[Piece] = []
    at = 0
    for statement in script.body:
        for piece in _of(statement):
            start = _with_comments(script.text, at, piece.first)
            found.append(piece._replace(start=start))
            at = piece.end
    return tuple(found)


def _of(statement: Statement) -> Iterator[Piece]:
    apart = not statement.background and set(statement.operators) <= {'&&'}
    if not apart:
        end = max([statement.pipelines[-1].end, *_heredoc_ends(statement.pipelines)])
        yield Piece(
            0,
            statement.start,
            end,
            statement.pipelines,
            statement.operators,
            statement.background,
            False,
            statement,
        )
        return
    for index, pipeline in enumerate(statement.pipelines):
        end = max([pipeline.end, *_heredoc_ends((pipeline,))])
        yield Piece(0, pipeline.start, end, (pipeline,), (), False, index > 0, statement)


def _with_comments(text: str, after: int, first: int) -> int:
    """Where the comment lines begin that stand between two pieces, else `first`."""
    between = text[after:first]
    # What stands on the line of the piece before is that piece's.
    line = between.find('\n') + 1 if after else 0
    if after and not line:
        return first
    match = _COMMENT_LINE.search(between, line)
    if match is None:
        return first
    return after + match.end() - 1


def _heredoc_ends(pipelines: Iterable[Pipeline]) -> Iterator[int]:
    for command in commands_in(pipelines):
        for redirection in command.redirections if not isinstance(command, Function) else ():
            if redirection.heredoc:
                yield redirection.heredoc.end


def commands_in(pipelines: Iterable[Pipeline]) -> Iterator[Command]:
    """Every command written in pipelines, also nested and in substitutions.

    The reader of scripts caps the depth.
    """
    stack: list[Command] = [command for each in pipelines for command in each.commands]
    while stack:
        command = stack.pop()
        yield command
        for body in bodies(command):
            stack += commands_of(body)
        for word in words_of(command):
            for substitution in substitutions(word):
                stack += commands_of(substitution.body)


def commands_of(body: Iterable[Statement]) -> list[Command]:
    return [
        command
        for statement in body
        for pipeline in statement.pipelines
        for command in pipeline.commands
    ]


def bodies(command: Command) -> list[Sequence[Statement]]:
    """The lists of commands directly in a compound command."""
    if isinstance(command, Group):
        return [command.body]
    if isinstance(command, If):
        arms = [part for arm in command.arms for part in (arm.condition, arm.body)]
        return [*arms, command.otherwise]
    if isinstance(command, Case):
        return [arm.body for arm in command.arms]
    if isinstance(command, For):
        return [command.body]
    if isinstance(command, While):
        return [command.condition, command.body]
    if isinstance(command, Function):
        return bodies(command.body)
    return []


def ways(command: Command) -> list[Sequence[Statement]]:
    """The lists of commands of which a compound command runs one, as far as can be told."""
    if isinstance(command, If):
        found: list[Sequence[Statement]] = []
        conditions: list[Statement] = []
        for arm in command.arms:
            conditions += arm.condition
            found.append([*conditions, *arm.body])
        return [*found, [*conditions, *command.otherwise]]
    if isinstance(command, Case):
        patterns = [literal(word) for arm in command.arms for word in arm.patterns]
        return [*bodies(command), *([] if '*' in patterns else [()])]
    if isinstance(command, For):
        return [command.body, *([] if any(map(literal, command.words or ())) else [()])]
    if isinstance(command, While):
        return [[*command.condition, *command.body], command.condition]
    return bodies(command) or [()]


def words_of(command: Command) -> list[Word]:
    """The words directly in a command: arguments, values, targets, patterns."""
    if isinstance(command, Function):
        return []
    found = [word for each in command.redirections for word in _redirected(each)]
    if isinstance(command, Simple):
        found += [word for each in command.assignments for word in _assigned(each)]
        found += command.words
    elif isinstance(command, Test):
        found += command.words
    elif isinstance(command, For):
        found += command.words or ()
    elif isinstance(command, Case):
        found += [command.word, *(word for arm in command.arms for word in arm.patterns)]
    return found


def _redirected(redirection: Redirection) -> list[Word]:
    body = [redirection.heredoc.body] if redirection.heredoc else []
    return [redirection.target, *body]


def _assigned(assignment: Assignment) -> list[Word]:
    return [*([assignment.word] if assignment.word else []), *(assignment.array or ())]


def substitutions(word: Word) -> Iterator[Substitution]:
    """The command substitutions in a word, also in arithmetic and operands."""
    for piece in expansions(word):
        if isinstance(piece, Substitution):
            yield piece


def parameters(word: Word) -> Iterator[Parameter]:
    """The parameters in a word, also in arithmetic and operands."""
    for piece in expansions(word):
        if isinstance(piece, Parameter):
            yield piece


def expansions(word: Word) -> Iterator[object]:
    """Every piece of a word, also those in operands and in arithmetic."""
    stack: list[object] = list(word.pieces)
    while stack:
        piece = stack.pop()
        yield piece
        if isinstance(piece, Parameter) and piece.operand:
            stack += piece.operand.pieces
        stack += getattr(piece, 'pieces', ())


def literal(word: Word) -> str | None:
    """The word's value where it has no expansions."""
    from kaniko_hooks.old_shell.syntax.tree import Text

    if not all(isinstance(piece, Text) for piece in word.pieces):
        return None
    return ''.join(piece.value for piece in word.pieces if isinstance(piece, Text))


def names_used(pipelines: Iterable[Pipeline]) -> set[str]:
    """The names of all parameters that commands expand; in arithmetic they have no `$`."""
    found: set[str] = set()
    for command in commands_in(pipelines):
        for piece in (each for word in words_of(command) for each in expansions(word)):
            if isinstance(piece, Parameter):
                found.add(piece.name)
            elif isinstance(piece, Arithmetic):
                found.update(NAME.findall(piece.text))
    return found
