"""Values of variables: an abstract domain of texts with holes.

`UNSET`, a text (unknown where it has holes), an array, or one of several of
these. A hole without a name is another value each time that it is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from kaniko_hooks.model import Field
from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell import TooMuch
from kaniko_hooks.shell.facts import escaped
from kaniko_hooks.text import Text, hole

# Beginnings of the names of holes that are single words; the last may be an option.
STATUS = '$?'
FAILURE = f'{STATUS} of a failure'
ONE_WORD = 'word '
OF_LIST = 'item '
# More alternatives than these become unknown, but for those that may build.
_MAX_ALTERNATIVES = 8
_MAX_RUNS = 30  # of words
_MAX_LENGTH = 200_000

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kaniko_hooks.shell.evaluator import Evaluator


class Unset(NamedTuple):
    """No value; expands to nothing."""


class Array(NamedTuple):
    """An array, or the positional parameters."""

    items: tuple[Field, ...]


Single = Text | Array | Unset


class OneOf(NamedTuple):
    """Alternatives, each the value of some run."""

    values: tuple[Single, ...]


# Words that come one after the other.
Words = tuple[Field, ...]
Value = Single | OneOf

UNSET = Unset()
EMPTY = Text('')
ANYTHING = hole('')
ANY_WORDS = Array((Field(ANYTHING, True),))


def fresh() -> int:
    """A number that no environment has yet."""
    return next(_numbers)


def fresh_name(shown: str) -> str:
    """A name for a value that is equal to no other one."""
    return f'{shown} #{fresh()}'


_numbers = count(1)


def alternatives(value: Value) -> tuple[Single, ...]:
    """The values that a value stands for."""
    return value.values if isinstance(value, OneOf) else (value,)


def join(values: Iterable[Value], ev: Evaluator | None = None) -> Value:
    """One value for several runs."""
    kept = list(dict.fromkeys(item for value in values for item in alternatives(value)))
    if len(kept) > _MAX_ALTERNATIVES:
        anything = unknown(ev, kept, None if ev is None else words_of(ev, kept))
        kept = [*filter(may_build, kept)][:_MAX_ALTERNATIVES] + [anything]
    return kept[0] if len(kept) == 1 else OneOf(tuple(kept))


def unknown(
    ev: Evaluator | None,
    values: Iterable[Single],
    words: Sequence[Words] | None = None,
    shown: str = '?',
) -> Text | Array:
    """One unknown value for all of these, an array if one is.

    If it is any number of some words in any order, the evaluator keeps these.
    """
    value = hole(fresh_name(shown), shown)
    if ev is not None and words:
        ev.words[value.hole_name] = tuple(words)
    is_array = any(isinstance(item, Array) for item in values)
    return Array((Field(value, True),)) if is_array else value


def words_of(
    ev: Evaluator, values: Iterable[Single], before: Iterable[Words] = ()
) -> list[Words] | None:
    """The words that unquoted values are, without repetitions; None if they are not known."""
    kept: list[Words] = []
    seen: set[object] = set()
    for words in (*before, *_pieces(ev, values)):
        if words is None or len(kept) > _MAX_RUNS:
            return None
        names = [shape(field.text) for field in words]
        pairs = set(zip((None, *names), names))
        if not pairs <= seen:
            seen |= pairs
            kept.append(words)
    return kept


def shape(value: Single) -> str:
    """The value without the numbers of its holes."""
    if isinstance(value, Array):
        return '\0 '.join(shape(item.text) for item in value.items)
    return unnumbered('\0'.join(text_of(value).key()))


def unnumbered(key: str) -> str:
    """Names of holes without their numbers: they differ in each evaluation."""
    return re.sub(' #[0-9]+', '', key)


def _pieces(ev: Evaluator, values: Iterable[Single]) -> Iterator[Words | None]:
    """The words of values, cut where one stands for the words of other values."""
    for value in values:
        pending: list[Field] = []
        if isinstance(value, Array):
            fields = list(value.items)
        else:
            pieces = text_of(value).split(' \t\n')
            fields = [Field(piece, bool(piece.holes)) for piece in pieces if piece.value]
        ev.spend(4 * len(fields))
        for field in fields:
            is_word = all(
                is_one_word(ev, item.name) or item.name.startswith(OF_LIST)
                for item in field.text.holes
            )
            inner = ev.words.get(field.text.hole_name)
            if inner is not None and field.splits:
                yield tuple(pending)
                yield from inner
                pending = []
            elif field.splits and not is_word:
                yield None
            else:
                pending.append(field._replace(splits=True))
        yield tuple(pending)


def is_one_word(ev: Evaluator, name: str) -> bool:
    """A hole of this name is a single word where it is not quoted, and no option."""
    return name in ev.single_words or name.startswith((STATUS, ONE_WORD))


def is_known(value: Single) -> bool:
    """The value has no unknown part."""
    if isinstance(value, Array):
        return not any(item.splits or item.text.holes for item in value.items)
    return isinstance(value, Unset) or not value.holes


def after_first(value: Array, count: int | None) -> Value:
    """An array without its first words; `count` is None if it is not known how many."""
    rest = Array(value.items[count:])
    if count is not None and not any(item.splits for item in value.items[:count]):
        return rest
    # Of several words some are left; of none more go.
    optional = (item._replace(splits=True) for item in rest.items)
    anything = Array((*ANY_WORDS.items, *optional))
    return anything if count is None else join((rest, anything))


def may_build(value: Single) -> bool:
    """A value that can make a command of Kaniko's executor, or of a script."""
    if isinstance(value, Array):
        return any(may_build(item.text) for item in value.items)
    # How an unknown part is written says nothing of its value.
    pieces = value.key()[::2] if isinstance(value, Text) else ()
    return any(mentions_executor(piece) or '.sh' in piece for piece in pieces)


def mentions_executor(text: str) -> bool:
    """The text has one of the words without which nothing is Kaniko's executor."""
    return 'executor' in text or 'kaniko' in text


def text_of(value: Single) -> Text:
    """The value as `$name` expands to it: an array's first item."""
    if isinstance(value, Array):
        return value.items[0].text if value.items else EMPTY
    return value if isinstance(value, Text) else EMPTY


def number(text: str | None) -> int | None:
    """The number that some digits are."""
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else None


def regex_with_holes(text: Text) -> str:
    """The regular expression of what a text may be."""
    # Few scripts have names that are not known.
    from fnmatch import translate

    return translate('*'.join(map(escaped, text.key()[::2])))


def bounded(text: Text) -> Text:
    """A text that does not grow without end. Raises TooMuch for a size that no script has."""
    if len(text.value) > _MAX_LENGTH:
        raise TooMuch
    return text
