"""Commands of the old model, until all readers use `scalars.scalar_text`."""

from __future__ import annotations

from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.document.scalars import (
    content_start as content_start,
    scalar_text as scalar_text,
    value_offsets as value_offsets,
)
from kaniko_hooks.model import Command


def command(text: str, node: ScalarNode) -> Command:
    """A scalar of the file with this text, as a command of a script part."""
    located = scalar_text(text, node)
    start = content_start(text, node)
    if node.style in ('|', '>') and node.value[:1].isspace():
        # Blanks of the value look like those of the indentation.
        start = located.place(0).offset
    return Command(node.value, node.file, start, lambda offset: located.place(offset).offset)
