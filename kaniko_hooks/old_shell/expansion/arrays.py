"""The items of arrays and of the positional parameters."""

from __future__ import annotations

from kaniko_hooks.model import Fragment, Word
from kaniko_hooks.old_shell.expansion import expand, patterns
from kaniko_hooks.old_shell.machine import Machine
from kaniko_hooks.old_shell.state import Missing
from kaniko_hooks.old_shell.syntax import tree
from kaniko_hooks.old_shell.syntax.source import Source
from kaniko_hooks.old_shell.values import EMPTY, Array, Scalar, known, merged, number, plain


def each(
    machine: Machine, source: Source, piece: tree.Parameter, operator: str, value: Array
) -> Array | None:
    """`"${name[@]:1}"` and operators that change each item."""
    if not operator or operator[-1] in '-=+?':
        return value
    operand = piece.operand or tree.Word((), piece.end, piece.end)
    given = expand.scalar(machine, source, operand)
    argument = plain(given)
    if operator == '/' and given.fragments[:1] and given.fragments[0].text[:2] in ('#/', '%/'):
        return _joined(value, given)
    if argument is None:
        return None
    if operator == ':':
        return _sliced(machine, value, argument, piece.name in ('@', '*'))
    words: list[Word] = []
    for word in value.words:
        text = None if word.splits else plain(Scalar(word.fragments))
        changed = None if text is None else patterns.changed(text, operator, argument)
        if changed is None:
            return None
        words.append(Word(known(changed).fragments))
    return Array(tuple(words))


def _joined(value: Array, given: Scalar) -> Array:
    """`"${name[@]/#/text}"` and `"${name[@]/%/text}"`: a text before or after each item."""
    sign, text = given.fragments[0].text[0], given.fragments[0].text[2:]
    added = (Fragment(text, True), *given.fragments[1:])
    return Array(
        tuple(
            word._replace(
                fragments=tuple(
                    merged((*added, *word.fragments) if sign == '#' else (*word.fragments, *added))
                )
            )
            for word in value.words
        )
    )


def _sliced(machine: Machine, value: Array, argument: str, positional: bool) -> Array | None:
    found = patterns.bounds(argument)
    if found is None or positional and not found[0]:
        return None
    start, length = found
    start -= positional
    words = value.words[start:] if length is None else value.words[start : start + length]
    # Of words that may be several, one each is left out, or fewer.
    several = tuple(word for word in value.words[:start] if word.splits)
    if several:
        machine.widest = max(machine.widest, 2)
    return Array((*several, *words) if machine.variant else words)


def indices(
    value: Scalar | Array | Missing | None, name: str, subscript: str
) -> Scalar | Array | None:
    """`${#name[@]}` and `${!name[@]}`; the keys of an associative array are not known."""
    if not isinstance(value, Array) or any(word.splits for word in value.words):
        return None
    if subscript[0] == '#':
        return known(str(len(value.words)))
    keyed = any(word.text[:1] == '[' for word in value.words)
    return Array(
        tuple(
            Word((Fragment('${!' + name + '}' if keyed else str(index), not keyed),))
            for index in range(len(value.words))
        )
    )


def joined(value: Array) -> Scalar:
    found: list[Fragment] = []
    for word in value.words:
        found += [Fragment(' ', True)] * bool(found) + list(word.fragments)
    return Scalar(tuple(merged(found)))


def item(value: Scalar | Array | Missing | None, index: str) -> Scalar | Missing | None:
    at = number(index)
    if not isinstance(value, Array) or at is None:
        return value if isinstance(value, Scalar) and index == '0' else None
    if any(word.splits for word in value.words[: at + 1]):
        return None
    words = value.words[at : at + 1]
    return Scalar(words[0].fragments) if words else EMPTY
