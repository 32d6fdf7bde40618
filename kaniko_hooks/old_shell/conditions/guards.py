"""Tests: `[ "$A" = x ]`, `[[ … ]]`, `test`, commands that only look, and lists of them."""

from __future__ import annotations

from collections.abc import Sequence

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.conditions import looks
from kaniko_hooks.old_shell.conditions.subjects import Subject, literal, shape, value, variable
from kaniko_hooks.old_shell.state import DIRECTORY
from kaniko_hooks.old_shell.syntax import tree

# Tests that are the opposite of others.
_DENIED = {'-le': '-gt', '-ge': '-lt', '-ne': '-eq', '-z': '-n'}
# Those that compare files.
_FILES = frozenset(('-nt', '-ot', '-ef'))
_EQUAL = frozenset(('=', '==', '!='))
JOINS = {'&&': '&&', '-a': '&&', '||': '||', '-o': '||'}


class Condition(NamedTuple):
    """The subject is one of the literals, or none of them."""

    literals: tuple[str, ...]
    negated: bool
    sure: bool = True  # False: something else has to hold, too


# May hold or not, whatever the subject is.
ANY = Condition((), True, False)


Tested = tuple[Subject, Condition]


def of_list(body: Sequence[tree.Statement]) -> list[Tested]:
    """What the list of a condition tests, one entry for each subject."""
    if len(body) != 1 or body[0].background:
        return []
    found = [of_pipeline(pipeline) for pipeline in body[0].pipelines]
    if len(found) == 1:
        return found[0]
    operators = set(body[0].operators)
    return _combined(found, operators.pop() if len(operators) == 1 else '')


def _combined(found: Sequence[Sequence[Tested]], operator: str) -> list[Tested]:
    """Tests joined with `&&`: each has to hold; with `||`: one of them."""
    if operator == '&&':
        return [each for listed in found for each in also(listed)]
    first = found[0][:1]
    if operator != '||' or not first:
        return []
    literals: list[str] = []
    for each in found:
        if len(each) != 1 or each[0][0] != first[0][0] or each[0][1].negated:
            return []
        literals.extend(each[0][1].literals)
    sure = all(each[0][1].sure for each in found)
    return [(first[0][0], Condition(tuple(literals), False, sure))]


def also(found: Sequence[Tested]) -> list[Tested]:
    """Tests that have to hold beside others."""
    return [(subject, condition._replace(sure=False)) for subject, condition in found]


def together(found: Sequence[Tested]) -> dict[Subject, Condition]:
    """Tests that all have to hold, one for each subject."""
    conditions: dict[Subject, Condition] = {}
    for subject, condition in found:
        known = conditions.get(subject)
        conditions[subject] = condition if known is None else _both(known, condition)
    return conditions


def _both(one: Condition, other: Condition) -> Condition:
    if one.negated and not other.negated:
        one, other = other, one
    if one.negated:
        return Condition((*one.literals, *other.literals), True, False)
    return Condition(
        tuple(each for each in one.literals if (each in other.literals) != other.negated),
        False,
        False,
    )


def is_test(node: tree.Pipeline) -> bool:
    """Whether a command only tests and runs nothing: `[ … ]`, `[[ … ]]`, `test …`, `grep …`."""
    command = node.commands[0]
    if looks.subject(node) is not None:
        return True
    if len(node.commands) > 1 or not isinstance(command, (tree.Simple, tree.Test)):
        return False
    if any(word.active for word in command.words):
        return False
    if isinstance(command, tree.Test):
        return True
    if not command.words or command.redirections:
        return False
    return literal(command.words[0]) in ('[', 'test')


def of_text(name: str, text: str) -> list[Tested]:
    """What tests of a variable give that has this text."""
    variables = frozenset((name,))
    return [
        (Subject(name, variables), Condition((text,), False)),
        (Subject(f'{name} -eq', variables), Condition((text,), False)),
        (Subject('$' + name, variables), Condition(('',), text != 'true')),
    ]


def of_pipeline(node: tree.Pipeline) -> list[Tested]:
    looked = looks.subject(node)
    found: list[Tested] = []
    if looked is not None:
        found.append((looked, Condition(('',), False)))
    elif len(node.commands) == 1:
        found = _of_command(node.commands[0])
    return negated(found) if node.negated else found


def negated(found: Sequence[Tested]) -> list[Tested]:
    """The opposite; of several tests it is not told."""
    return [
        (subject, condition._replace(negated=not condition.negated))
        for subject, condition in found
        if condition.sure
    ]


def _of_command(command: tree.Command) -> list[Tested]:
    if isinstance(command, tree.Test) and not command.arithmetic:
        return _of_words(command.words, True)
    if not isinstance(command, tree.Simple) or not command.words or command.assignments:
        return []
    words = command.words[1:]
    opening = literal(command.words[0])
    if opening == '[' and words and literal(words[-1]) == ']':
        return _of_words(words[:-1], False)
    if opening == 'test':
        return _of_words(words, False)
    subject = variable(command.words[0]) if not words else None
    if subject is None:
        return []
    return [(Subject('$' + subject.name, subject.variables), Condition(('',), False))]


def _of_words(words: Sequence[tree.Word], brackets: bool) -> list[Tested]:
    if any(word.active for word in words):
        return []
    texts = [literal(word) for word in words]
    joins = {JOINS[text] for text in texts if text in JOINS}
    if joins:
        parts: list[list[tree.Word]] = [[]]
        for word, text in zip(words, texts):
            if text in JOINS:
                parts.append([])
            else:
                parts[-1].append(word)
        found = [_of_words(part, brackets) for part in parts]
        return _combined(found, joins.pop() if len(joins) == 1 and '(' not in texts else '')
    if texts[:1] == ['!']:
        return negated(_of_words(words[1:], brackets)) if len(words) < 8 else []
    names = [variable(word) for word in words]
    if len(words) == 1 and names[0]:
        return [(names[0], Condition(('',), True))]
    if len(words) == 2 and names[1] and texts[0] in ('-n', '-z'):
        return [(names[1], Condition(('',), texts[0] == '-n'))]
    if len(words) == 2 and texts[0]:
        return _unary(texts[0], words[1])
    return _compared(words, texts[1], brackets) if len(words) == 3 and texts[1] else []


def _unary(operator: str, word: tree.Word) -> list[Tested]:
    """`-f file`, `-v name`, `-z text`."""
    operand = shape(word)
    if operand is None:
        return []
    name = f'{_DENIED.get(operator, operator)} {operand.name}'
    if operator in ('-n', '-z', '-v'):
        named = {literal(word) or ''} if operator == '-v' else set()
        whole = Subject(name, operand.variables | named)
    else:
        whole = Subject(name, operand.variables | {DIRECTORY}, True)
    return [(whole, Condition(('',), operator in _DENIED))]


def _compared(words: Sequence[tree.Word], operator: str, brackets: bool) -> list[Tested]:
    left, right = words[0], words[2]
    if operator in _EQUAL and literal(left) is not None and literal(right) is None:
        left, right = right, left
    subject, text = _subject(left, literal(right))
    if subject is None and literal(left) is not None:
        # CI put in what is compared: in other runs it is another text.
        subject = Subject(f"'{literal(left)}'", frozenset())
    pattern = brackets and text is not None and any(each in text for each in '*?[(')
    if operator in _EQUAL and subject and text is not None and not pattern:
        return [(subject, Condition((text,), operator == '!='))]
    denies = operator == '!=' or operator in _DENIED
    operator = '=' if operator in _EQUAL else _DENIED.get(operator, operator)
    if operator == '-eq' and subject and text is not None:
        numeric = Subject(f'{subject.name} -eq', subject.variables)
        return [(numeric, Condition((text,), denies))]
    first, second = shape(words[0]), shape(words[2])
    files = operator in _FILES
    constant = not files and None not in (literal(left), literal(right))
    if first is None or second is None or constant:
        return []
    name = f'{first.name} {operator} {second.name}'
    variables = first.variables | second.variables | ({DIRECTORY} if files else set())
    whole = Subject(name, variables, files)
    return [(whole, Condition(('',), denies))]


def _subject(word: tree.Word, text: str | None) -> tuple[Subject | None, str | None]:
    """The variable that is compared with a text; `x$A` with `xa` is `$A` with `a`."""
    prefix = word.pieces[0] if len(word.pieces) > 1 else None
    if isinstance(prefix, tree.Text) and text is not None and text.startswith(prefix.value):
        text = text[len(prefix.value) :]
        word = word._replace(pieces=word.pieces[1:])
    return value(word), text
