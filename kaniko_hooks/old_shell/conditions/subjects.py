"""What a word of a test stands for: a variable, a text, or both."""

from __future__ import annotations

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.state import ARGUMENTS
from kaniko_hooks.old_shell.syntax import tree

# Operators that set nothing.
_PURE = frozenset(
    ('', ':-', '-', ':+', '+', '#', '##', '%', '%%', '/', '//', '^', '^^', ',', ',,', ':')
)


class Subject(NamedTuple):
    """What is tested: a variable, or a whole test that holds or not."""

    name: str
    variables: frozenset[str]  # it stays the same as long as these do
    outside: bool = False  # and as long as nothing runs that may change files
    gone: bool = False  # it was so once: nothing further down asks for it


def variable(word: tree.Word) -> Subject | None:
    """The variable that a word is: `$A`, `"$A"`, `"${A:-}"`, `${{ inputs.a }}`; one with an
    operator and a literal after it, like `${A:-x}` or `${A%-*}`, is a variable of its own."""
    pieces = [piece for piece in word.pieces if not _is_empty(piece)]
    piece = pieces[0] if len(pieces) == 1 else None
    if isinstance(piece, tree.Opaque) and piece.name:
        return Subject(piece.name, frozenset())
    if not isinstance(piece, tree.Parameter):
        return None
    operator, text = piece.operator, literal(piece.operand) if piece.operand else ''
    if operator not in _PURE or text is None:
        return None
    name = piece.name if not text and operator in (':-', '-') else piece.name + operator + text
    if piece.name.isdigit():
        return Subject(name, frozenset((ARGUMENTS,)))
    return Subject(name, frozenset((piece.name,))) if piece.name.isidentifier() else None


def value(word: tree.Word) -> Subject | None:
    """What a word with a variable in it is: the variable itself, or a text like `$A-$B`."""
    return variable(word) or (shape(word) if literal(word) is None else None)


def _is_empty(piece: tree.Piece) -> bool:
    return isinstance(piece, tree.Text) and not piece.value


def shape(word: tree.Word) -> Subject | None:
    """A word as text, and the variables in it."""
    texts: list[str] = []
    names: set[str] = set()
    for piece in word.pieces:
        if isinstance(piece, tree.Text):
            texts.append(piece.value)
            continue
        found = variable(tree.Word((piece,), 0, 0))
        if found is None:
            return None
        texts.append('${' + found.name + '}')
        names |= found.variables
    return Subject(''.join(texts), frozenset(names))


def literal(word: tree.Word) -> str | None:
    """The text of a word without expansions."""
    if all(isinstance(piece, tree.Text) for piece in word.pieces):
        return ''.join(piece.value for piece in word.pieces if isinstance(piece, tree.Text))
    return None
