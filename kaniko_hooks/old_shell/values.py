"""Values of variables, and the words that come out of an expansion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kaniko_hooks.model import Fragment, Word
from kaniko_hooks.named_tuple import NamedTuple

# More alternatives, longer values or more words than these are unknown.
ALTERNATIVES = 4
LENGTH = 4000
FRAGMENTS = 60
WORDS = 300


class Scalar(NamedTuple):
    fragments: tuple[Fragment, ...]


class Array(NamedTuple):
    """An array, or the positional parameters."""

    words: tuple[Word, ...]


class Choice(NamedTuple):
    """Values that different runs give it; the first is of the run that is shown."""

    values: tuple[Scalar | Array, ...]


# None: set to something that is not known.
Value = Scalar | Array | Choice | None

EMPTY = Scalar(())
# Equal to EMPTY; told apart by identity where `${name-word}` and `${name+word}` ask.
UNSET = Scalar(())


class Bit(NamedTuple):
    """A piece of a field and where it stands in the script."""

    text: str
    known: bool
    at: int
    verbatim: bool  # the script has these very characters there
    quoted: bool


class Field(NamedTuple):
    """One word after expansion; `start` and `end` of the word it comes from."""

    bits: tuple[Bit, ...]
    splits: bool
    start: int
    end: int

    @property
    def text(self) -> str:
        return ''.join(bit.text for bit in self.bits)

    @property
    def known(self) -> bool:
        return all(bit.known for bit in self.bits)


def known(text: str) -> Scalar:
    return Scalar((Fragment(text, True),)) if text else EMPTY


def unknown(text: str) -> Scalar:
    return Scalar((Fragment(text, False),))


def number(text: str) -> int | None:
    """The number that digits are; None for other texts and very large numbers."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def plain(value: Scalar) -> str | None:
    """The text of a value that is known as a whole."""
    if all(fragment.known for fragment in value.fragments):
        return ''.join(fragment.text for fragment in value.fragments)
    return None


def word_of(field: Field) -> Word:
    return Word(tuple(merged(Fragment(bit.text, bit.known) for bit in field.bits)), field.splits)


def is_open(field: Field) -> bool:
    """Whether a field may become several, or none: an unknown list or a glob."""
    if field.splits and not any(bit.known and bit.text for bit in field.bits):
        return True
    return any(
        not bit.quoted and bit.known and any(char in bit.text for char in '*?[')
        for bit in field.bits
    )


def item_of(field: Field) -> Word:
    """A field as an item of a list: one that may become several splits again."""
    word = word_of(field)
    subscript = field.bits and field.bits[0].text[:1] == '['
    return word._replace(splits=True) if is_open(field) and not subscript else word


def scalar_of(fields: Sequence[Field]) -> Scalar:
    """Fields joined with blanks, as an assignment does."""
    fragments: list[Fragment] = []
    for field in fields:
        if fragments:
            fragments.append(Fragment(' ', True))
        fragments.extend(Fragment(bit.text, bit.known) for bit in field.bits)
    return Scalar(tuple(merged(fragments)))


def merged(fragments: Iterable[Fragment]) -> list[Fragment]:
    """Neighbours that are both known as one; empty ones dropped."""
    result: list[Fragment] = []
    for fragment in fragments:
        if not fragment.text:
            continue
        if result and result[-1].known and fragment.known:
            result[-1] = Fragment(result[-1].text + fragment.text, True)
        else:
            result.append(fragment)
    return result


def choice(values: Iterable[Value]) -> Value:
    """One value for several runs; too many or an unknown one make it unknown."""
    found: list[Scalar | Array] = []
    for value in values:
        if value is None:
            return None
        for each in value.values if isinstance(value, Choice) else (value,):
            if each not in found:
                found.append(each)
    if len(found) > ALTERNATIVES:
        return None
    return found[0] if len(found) == 1 else Choice(tuple(found))


def too_long(value: Scalar) -> bool:
    length = sum(len(fragment.text) for fragment in value.fragments)
    return length > LENGTH or len(value.fragments) > FRAGMENTS


def shown(variants: Sequence[Sequence[Field]]) -> tuple[Word, ...]:
    """The argv of the first variant; what other variants do not have is unknown."""
    argv = [word_of(field) for field in variants[0]]
    for variant in variants[1:]:
        others = [word_of(field) for field in variant]
        same = set(others)
        for index, word in enumerate(argv):
            if len(others) == len(argv):
                argv[index] = _common(word, others[index])
            elif word not in same:
                argv[index] = Word((Fragment(word.text, False),), True)
    return tuple(argv)


def _common(word: Word, other: Word) -> Word:
    """The word, of which the names that the other one has, too, at either end are known."""
    if word == other:
        return word
    units, others = _units(word), _units(other)
    first = _alike(units, others, '/:=')
    last = _alike(units[:first:-1], others[:first:-1], '/:@')
    end = len(units) - last
    middle = ''.join(unit.text for unit in units[first:end])
    return Word((*merged(units[:first]), Fragment(middle, False), *merged(units[end:])), False)


def _alike(units: Sequence[Fragment], others: Sequence[Fragment], borders: str) -> int:
    """How many are the same before the first that is not, up to a border of names."""
    all_ = max(min(len(units) - 1, len(others)), 0)
    count = next((n for n in range(all_) if units[n] != others[n]), all_)
    while count and units[count - 1].known and units[count - 1].text not in borders:
        count -= 1
    return count


def _units(word: Word) -> list[Fragment]:
    """The characters that are known, and what is not known in one piece."""
    return [
        Fragment(text, fragment.known)
        for fragment in word.fragments
        for text in (fragment.text if fragment.known else [fragment.text])
    ]
