"""Guards that exclude each other.

`if [ "$A" = x ]` and, further down, `if [ "$A" = y ]` never both hold. For each
value that a guard names (a world) the statements are put together that run in it.
"""
from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell import tree
from kaniko_hooks.shell.summary import NOTHING
from kaniko_hooks.shell.summary import Summary
from kaniko_hooks.shell.summary import either
from kaniko_hooks.shell.summary import sequence

_MEMBERS = 16


class Condition(NamedTuple):
    """The variable is one of the literals, or none of them."""

    literals: tuple[str, ...]
    negated: bool


class Guarded(NamedTuple):
    """A statement whose arms depend on one variable only."""

    name: str
    conditions: tuple[Condition, ...]  # one for each arm; the first that holds is taken

    @property
    def literals(self) -> list[str]:
        return [each for condition in self.conditions for each in condition.literals]


class Group(NamedTuple):
    """Statements in order, guarded by the same variable or not at all."""

    name: str
    literals: list[str]
    members: list[tuple[Guarded | None, Sequence[Summary]]]


def is_full(group: Group) -> bool:
    return len(group.members) >= _MEMBERS or len(group.literals) >= 4 * _MEMBERS


def closed(total: Summary, group: Group | None) -> Summary:
    """What came before, then the group in the worst of its worlds."""
    if group is None:
        return total
    worlds: list[str | None] = [*dict.fromkeys(group.literals), None]
    found: list[Summary] = []
    for world in worlds:
        here = NOTHING
        for guarded, arms in group.members:
            here = sequence(here, arms[_taken(guarded, world)])
        found.append(here)
    return sequence(total, either(found))


def _taken(guarded: Guarded | None, world: str | None) -> int:
    """The arm that runs; None is a world with any other, not empty, value."""
    if guarded is None:
        return 0
    for index, condition in enumerate(guarded.conditions):
        if (world in condition.literals) != condition.negated:
            return index
    return len(guarded.conditions)


def read(node: tree.Statement) -> Guarded | None:
    """The guard of a statement, None if it depends on more than one variable."""
    if node.background or len(node.pipelines[0].commands) != 1:
        return None
    first = node.pipelines[0]
    command = first.commands[0]
    if node.operators:
        return _of_list(node)
    if first.negated:
        return None
    if isinstance(command, tree.Case):
        return _of_case(command)
    if not isinstance(command, tree.If) or command.redirections:
        return None
    name = ''
    conditions: list[Condition] = []
    for arm in command.arms:
        alone = len(arm.condition) == 1 and not arm.condition[0].operators
        found = _test(arm.condition[0].pipelines[0]) if alone else None
        if found is None or name and found[0] != name:
            return None
        name = found[0]
        conditions.append(found[1])
    return Guarded(name, tuple(conditions))


def _of_list(node: tree.Statement) -> Guarded | None:
    """`[ … ] && command && …`, perhaps with `|| true` at the end."""
    operators = node.operators
    last = node.pipelines[-1].commands[0]
    if operators[-1] == '||' and isinstance(last, tree.Simple) and len(last.words) == 1:
        if _literal(last.words[0]) in ('true', ':'):
            operators = operators[:-1]
    if not operators or any(operator != '&&' for operator in operators):
        return None
    found = _test(node.pipelines[0])
    return Guarded(found[0], (found[1],)) if found else None


def _of_case(command: tree.Case) -> Guarded | None:
    name = _name(command.word)
    if name is None or command.redirections:
        return None
    conditions: list[Condition] = []
    for arm in command.arms:
        literals = [_literal(pattern) for pattern in arm.patterns]
        if arm.falls or None in literals:
            return None
        texts = tuple(each for each in literals if each is not None)
        if '*' in texts:
            conditions.append(Condition((), True))
        elif any(each in text for text in texts for each in '*?['):
            return None
        else:
            conditions.append(Condition(texts, False))
    return Guarded(name, tuple(conditions))


def _test(node: tree.Pipeline) -> tuple[str, Condition] | None:
    """`[ "$A" = literal ]` and its relatives."""
    if len(node.commands) != 1:
        return None
    command = node.commands[0]
    brackets = False
    if isinstance(command, tree.Test) and not command.arithmetic:
        words = command.words
        brackets = True
    elif isinstance(command, tree.Simple) and command.words and not command.assignments:
        opening = _literal(command.words[0])
        words = command.words[1:]
        if opening == '[' and words and _literal(words[-1]) == ']':
            words = words[:-1]
        elif opening != 'test':
            return None
    else:
        return None
    found = _compared(words, brackets)
    if found is None:
        return None
    name, condition = found
    return name, condition._replace(negated=condition.negated != node.negated)


def _compared(words: Sequence[tree.Word], brackets: bool) -> tuple[str, Condition] | None:
    texts = [_literal(word) for word in words]
    names = [_name(word) for word in words]
    if texts[:1] == ['!']:
        found = _compared(words[1:], brackets) if len(words) < 8 else None
        return found and (found[0], found[1]._replace(negated=not found[1].negated))
    if len(words) == 1 and names[0]:
        return names[0], Condition(('',), True)
    if len(words) == 2 and names[1] and texts[0] in ('-n', '-z'):
        return names[1], Condition(('',), texts[0] == '-n')
    if len(words) != 3 or texts[1] not in ('=', '==', '!='):
        return None
    name, literal = (names[0], texts[2]) if names[0] else (names[2], texts[0])
    if not name or literal is None or brackets and any(each in literal for each in '*?[('):
        return None
    return name, Condition((literal,), texts[1] == '!=')


def _name(word: tree.Word) -> str | None:
    """The variable that a word is: `$A`, `"$A"`, `"${A:-}"`."""
    pieces = [piece for piece in word.pieces if not _is_empty(piece)]
    piece = pieces[0] if len(pieces) == 1 else None
    if not isinstance(piece, tree.Parameter) or not piece.name.isidentifier():
        return None
    if piece.operator in (':-', '-') and piece.operand and not piece.operand.pieces:
        return piece.name
    return piece.name if not piece.operator else None


def _is_empty(piece: tree.Piece) -> bool:
    return isinstance(piece, tree.Text) and not piece.value


def _literal(word: tree.Word) -> str | None:
    """The text of a word without expansions."""
    if all(isinstance(piece, tree.Text) for piece in word.pieces):
        return ''.join(piece.value for piece in word.pieces if isinstance(piece, tree.Text))
    return None
