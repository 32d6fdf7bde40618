"""Script values -> commands with their places.

Rules: G: lib/gitlab/ci/config/entry/commands.rb.
"""

from __future__ import annotations

from collections.abc import Callable

from kaniko_hooks.ci.gitlab.errors import InvalidPipeline
from kaniko_hooks.ci.gitlab.files import Files
from kaniko_hooks.ci.gitlab.values import Items, Leaf, Value, place_of
from kaniko_hooks.document.position import command as command_at
from kaniko_hooks.document.substitution import Piece, substitute
from kaniko_hooks.model import Command

MAX_LEVELS = 10
MAX_COMMANDS = 50_000  # of one script


def leaves(value: Value) -> list[Leaf]:
    """The strings of a script, nested lists flattened, in order.

    What is no string or too deep is passed over, and so is a reference to what
    cannot be seen. Raises InvalidPipeline for a script that is too long to be meant.
    """
    found: list[Leaf] = []
    waiting: list[tuple[Value, int]] = [(value, 0)]
    steps = 0
    while waiting:
        each, level = waiting.pop()
        steps += 1
        if steps > 2 * MAX_COMMANDS:
            raise InvalidPipeline('the script is too large', place_of(value))
        if isinstance(each, Leaf) and isinstance(each.value, str):
            found.append(each)
        elif isinstance(each, Items) and level < MAX_LEVELS:
            waiting.extend((item, level + 1) for item in reversed(each.items))
    return found


def command(files: Files, leaf: Leaf) -> Command:
    """The text of a leaf as a command, located through interpolation."""
    text = leaf.value if isinstance(leaf.value, str) else ''
    made = command_at(files.text(leaf.node.file), leaf.node)
    if leaf.skipped:
        # The colon of a symbol.
        cut = substitute(made, [Piece(0, leaf.skipped, '')])
        made = Command(cut.text[: len(text)], made.file, made.locate(leaf.skipped), cut.locate)
    for pieces in leaf.pieces:
        made = substitute(made, pieces)
    if made.text == text:
        return made
    return Command(text, made.file, made.offset, _fixed(made.offset))


def _fixed(offset: int) -> Callable[[int], int]:
    return lambda _: offset
