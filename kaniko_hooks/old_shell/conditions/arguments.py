"""What a test gives of what the script itself says: arguments, literal values, loop words.

`sh build.sh login` takes one arm of `case $1 in`, and `DEBUG=0` decides
`if [ $DEBUG = 1 ]`. Only what the script has set for certain decides: any other
value may come from elsewhere when the pipeline runs.
"""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.old_shell.conditions import guards, subjects
from kaniko_hooks.old_shell.expansion import parameters, patterns
from kaniko_hooks.old_shell.machine import Machine
from kaniko_hooks.old_shell.state import ARGUMENTS, Held
from kaniko_hooks.old_shell.syntax import tree
from kaniko_hooks.old_shell.syntax.conditions import is_text
from kaniko_hooks.old_shell.values import Array, Choice, Scalar, known, number, plain

# Key of a variable's value that the script itself gives, with the name after it (as a choice
# of one, which is no value that branches without it have); twice, of when it gave it; by
# itself, of when something not seen here last may have set any variable.
_GIVEN = '='


def text(machine: Machine, word: tree.Word | None) -> str | None:
    """The text of a word that has an argument in it; None if that is not told."""
    pieces = word.pieces if word else ()
    if not any(isinstance(piece, tree.Parameter) for piece in pieces):
        return None
    return _text(machine, pieces)


def _text(machine: Machine, pieces: Sequence[tree.Piece]) -> str | None:
    found = ''
    for piece in pieces:
        each = piece.value if isinstance(piece, tree.Text) else _parameter(machine, piece)
        if each is None:
            return None
        found += each
    return found


def _parameter(machine: Machine, piece: tree.Piece) -> str | None:
    value = _value(machine, piece.name) if isinstance(piece, tree.Parameter) else None
    if value is None or not isinstance(piece, tree.Parameter) or not piece.operator:
        return value
    default = subjects.literal(piece.operand) if piece.operand else None
    return value or default if piece.operator == ':-' else None


def given(machine: Machine, node: tree.Assignment) -> str | None:
    """The text that an assignment sets for certain."""
    if node.append or node.array is not None:
        return None
    return _text(machine, node.word.pieces if node.word else ())


def settle(machine: Machine, name: str, held: Held) -> None:
    """Let tests of a variable be decided by the value that it just got."""
    machine.state.set(_GIVEN + name, Choice((held,)) if isinstance(held, Scalar) else None)
    machine.state.set(2 * _GIVEN + name, machine.state.get(_GIVEN))


def unsettle(machine: Machine, mark: int) -> None:
    """What was set since then may not have been: a `return` or `break` stands between."""
    for name in {name for name, _ in machine.state.journal[mark:]}:
        if _GIVEN + name in machine.state.values:
            machine.state.set(_GIVEN + name, None)


def forget(machine: Machine) -> None:
    """Something that is not seen here may have set any variable."""
    machine.unseen += 1
    machine.state.set(_GIVEN, known(str(machine.unseen)))


def _value(machine: Machine, name: str) -> str | None:
    if name == '#':
        number_of = parameters.look_up(machine, name)
        return plain(number_of) if isinstance(number_of, Scalar) else None
    held = machine.state.get(ARGUMENTS)
    position = number(name)
    if position is not None:
        words = held.words[:position] if isinstance(held, Array) else ()
        if not isinstance(held, Array) or any(word.splits for word in words) or not position:
            return None
        if len(words) < position:
            return ''
        return words[-1].text if words[-1].known else None
    state, value = machine.state, machine.state.get(name)
    sure = state.get(_GIVEN + name)
    if not isinstance(value, Scalar) or not isinstance(sure, Choice) or sure.values[0] is not value:
        return None
    seen = state.get(2 * _GIVEN + name) is state.get(_GIVEN) and name not in machine.handled
    return plain(value) if seen else None


def decide(machine: Machine, node: tree.Statement) -> bool:
    """Whether they choose an arm of a guarded statement, the first one or another."""
    command = node.pipelines[0].commands[0]
    if isinstance(command, tree.Case):
        return text(machine, command.word) is not None
    if isinstance(command, tree.If):
        return condition(machine, command.arms[0].condition) is not None
    return status(machine, node.pipelines[0]) is not None


def condition(machine: Machine, body: Sequence[tree.Statement]) -> bool | None:
    """What a list of tests joined with `&&` and `||` gives."""
    if len(body) != 1 or body[0].background:
        return None
    found = [status(machine, pipeline) for pipeline in body[0].pipelines]
    return _combined(found, body[0].operators)


def _combined(found: Sequence[bool | None], operators: Sequence[str]) -> bool | None:
    total = found[0]
    for operator, each in zip(operators, found[1:]):
        decisive = operator == '||'
        if total is not decisive:
            total = each if total is not None or each is decisive else None
    return total


def status(machine: Machine, node: tree.Pipeline) -> bool | None:
    """What a test gives: `[ … ]`, `[[ … ]]`, `test …`."""
    command = node.commands[0]
    if len(node.commands) > 1 or not isinstance(command, (tree.Simple, tree.Test)):
        return None
    words: Sequence[tree.Word] = command.words
    brackets = isinstance(command, tree.Test)
    if isinstance(command, tree.Test) and command.arithmetic:
        return None
    if isinstance(command, tree.Simple):
        opening = subjects.literal(words[0]) if words else None
        closed = len(words) > 1 and subjects.literal(words[-1]) == ']'
        if opening not in ('[', 'test') or opening == '[' and not closed:
            return None
        words = words[1:-1] if opening == '[' else words[1:]
    found = _tested(machine, words, brackets)
    return found if found is None else found != node.negated


def _tested(machine: Machine, words: Sequence[tree.Word], brackets: bool) -> bool | None:
    parts: list[list[tree.Word]] = [[]]
    operators: list[str] = []
    for word in words:
        join = guards.JOINS.get(subjects.literal(word) or '')
        if join:
            operators.append(join)
            parts.append([])
        else:
            parts[-1].append(word)
    if len(set(operators)) > 1:
        return None
    return _combined([_one(machine, part, brackets) for part in parts], operators)


def _one(machine: Machine, words: Sequence[tree.Word], brackets: bool) -> bool | None:
    opposite = bool(words) and subjects.literal(words[0]) == '!'
    words = words[opposite:]
    found = [_operand(machine, word, brackets) for word in words]
    if not any(isinstance(each, tree.Parameter) for word in words for each in word.pieces):
        return None
    result: bool | None = None
    if len(found) == 1 and found[0] is not None:
        result = found[0] != ''
    elif len(found) == 2 and found[0] in ('-n', '-z') and found[1] is not None:
        result = (found[1] != '') is (found[0] == '-n')
    elif len(found) == 3 and found[0] is not None and found[2] is not None:
        result = _compared(found[0], found[1] or '', found[2], brackets)
    return result if result is None else result is not opposite


def _operand(machine: Machine, word: tree.Word, brackets: bool) -> str | None:
    """A word's text; None if it is not told, or may not stay one word."""
    found = _text(machine, word.pieces)
    bare = any(isinstance(each, tree.Parameter) and not each.quoted for each in word.pieces)
    if found is not None and bare and not brackets and len(found.split()) != 1:
        return None
    return found


def _compared(left: str, operator: str, right: str, brackets: bool) -> bool | None:
    if operator in ('=', '==', '!='):
        if brackets and any(each in right for each in '*?[('):
            return None
        return (left == right) is (operator != '!=')
    one, other = number(left), number(right)
    if one is None or other is None:
        return None
    difference = one - other
    return {
        '-eq': difference == 0,
        '-ne': difference != 0,
        '-gt': difference > 0,
        '-ge': difference >= 0,
        '-lt': difference < 0,
        '-le': difference <= 0,
    }.get(operator)


def arms(machine: Machine, node: tree.Case) -> list[bool]:
    """Which arms of a `case` may be the one that its word chooses; last: none of them."""
    value = text(machine, node.word)
    if value is None:
        every = [pattern for each in node.arms for pattern in each.patterns]
        return [*[True] * len(node.arms), not any(is_text(each, '*') for each in every)]
    found: list[bool] = []
    for each in node.arms:
        matches = [_matches(value, pattern) for pattern in each.patterns]
        found.append(any(match is not False for match in matches))
        if True in matches:
            return found + [False] * (len(node.arms) + 1 - len(found))
    return [*found, True]


def _matches(value: str, pattern: tree.Word) -> bool | None:
    wanted = subjects.literal(pattern)
    quoted = any(isinstance(each, tree.Text) and each.quoted for each in pattern.pieces)
    if wanted is None or quoted and any(each in wanted for each in '*?['):
        return None
    return patterns.matches(value, wanted)
