"""The words of an argv that no shell reads, as a container's configuration has them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kaniko_hooks.model import Command, Variable
from kaniko_hooks.old_shell.values import Bit, Field

_OPAQUE = re.compile(
    r'\$\{\{.{0,400}?\}\}|\{\{.{0,400}?\}\}|\$\[\[.{0,400}?\]\]|\$\(([\w.\-\[\]\'"*]{1,200})\)'
    r'|<<[ \t]*(?:parameters|pipeline|matrix)\.[\w.\-]+[ \t]*>>'
)
# Tekton's `$(params.name[*])` stands for as many words as the array has.
_ARRAY = re.compile(r'\$\([\w.\-\[\]\'"]{1,200}\[\*\]\)')


def words(
    commands: Sequence[Command], variables: Mapping[str, Variable], starts: Sequence[int]
) -> list[Field]:
    """The words of an argv that no shell reads, each with where it starts."""
    found: list[Field] = []
    for command, start in zip(commands, starts):
        bits: list[Bit] = []
        at = 0
        for match in _OPAQUE.finditer(command.text):
            bits.append(Bit(command.text[at : match.start()], True, start + at, True, True))
            variable = variables.get(match.group(1) or '')
            if variable is not None and len(variable.values) == 1:
                bits.append(Bit(variable.values[0], True, start + match.start(), False, True))
            else:
                bits.append(Bit(match.group(), False, start + match.start(), True, True))
            at = match.end()
        bits.append(Bit(command.text[at:], True, start + at, True, True))
        kept = tuple(bit for bit in bits if bit.text) or tuple(bits[:1])
        several = _ARRAY.fullmatch(command.text) is not None
        found.append(Field(kept, several, start, start + len(command.text)))
    return found
