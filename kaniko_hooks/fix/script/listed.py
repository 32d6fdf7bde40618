"""The words that a loop runs over, where the script itself says what they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.script.change import Functions, change
from kaniko_hooks.fix.script.outputs import reached
from kaniko_hooks.fix.script.pieces import literal
from kaniko_hooks.fix.script.steps import Step
from kaniko_hooks.old_shell.syntax.tree import For, Parameter, Simple, Text, Word

_SPECIAL = re.compile(r'[*?\[\]{}~$`\\]')


def loop_values(command: For, earlier: Sequence[Step], functions: Functions) -> tuple[str, ...]:
    """The literal words of a loop; `earlier` is what runs before it. Raises Refusal."""
    said = f'the loop over ${command.name}'
    if not command.words:
        raise Refusal(f'{said} has no words of its own')
    lists = _lists(earlier, functions)
    found: list[str] = []
    for word in command.words:
        values = _listed(word, lists) or [_value(word)]
        if None in values:
            raise Refusal(f'{said} is not over literal words')
        found += [value for value in values if value is not None]
    return tuple(found)


def _value(word: Word) -> str | None:
    value = literal(word)
    if value is None or '$' in value or not value.strip() or '\n' in value:
        return None
    bare = ''.join(
        piece.value for piece in word.pieces if isinstance(piece, Text) and not piece.quoted
    )
    return None if _SPECIAL.search(bare) else value


def _listed(word: Word, lists: Mapping[str, str]) -> list[str | None]:
    """The words of a list in a variable: `$names`."""
    piece = word.pieces[0] if len(word.pieces) == 1 else None
    if not isinstance(piece, Parameter) or piece.quoted or piece.operator:
        return []
    value = lists.get(piece.name, '')
    return [] if _SPECIAL.search(value) else [*value.split()]


def _lists(steps: Sequence[Step], functions: Functions) -> dict[str, str]:
    """The variables that are set once, to something literal, and on no condition."""
    found = {}
    times: Counter[str] = Counter()
    for step in steps:
        pipelines = reached(step, functions)
        times.update(change(pipelines, {}).assigned)
        sure = len(pipelines) == 1 and not (step.piece is not None and step.piece.chained)
        command = pipelines[0].commands[0] if sure else None
        for each in command.assignments if isinstance(command, Simple) else ():
            value = literal(each.word) if each.word is not None else None
            if value is not None and not each.append:
                found[each.name] = value
    return {name: value for name, value in found.items() if times[name] == 1}
