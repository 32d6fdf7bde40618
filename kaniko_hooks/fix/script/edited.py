"""Files that the commands of one build change, and that a later build in the same place finds so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kaniko_hooks.fix.refusal import Refusal, shortened
from kaniko_hooks.fix.script.change import Functions
from kaniko_hooks.fix.script.outputs import statements_of
from kaniko_hooks.fix.script.pieces import bodies, literal
from kaniko_hooks.fix.script.setup import is_test
from kaniko_hooks.fix.script.steps import BUILD, Step, is_sure
from kaniko_hooks.old_shell.commands.nested import SHELLS
from kaniko_hooks.old_shell.syntax.parser import parse
from kaniko_hooks.old_shell.syntax.tree import Group, Parameter, Simple, Statement, Text, Word

_COPYING = frozenset(('cp', 'install', 'ln', 'mv'))
_PRINTING = frozenset(('cat', 'echo', 'envsubst', 'jq', 'printf', 'sed'))


def check_edited(
    step: Step, later: Iterable[Step], functions: Functions, directory: str | None
) -> None:
    """Raises Refusal where a build in the same directory finds a file as a step has left it.

    `later` are the steps that follow and what they run again. A file that is
    written anew before a build is none that it finds.
    """
    changed = {
        path: edits
        for each in _Reading(functions).commands(statements_of(step))
        for path, edits in _changed(each)
    }
    for each in later if changed else ():
        if is_sure(each):
            for command in _Reading(functions, True).commands(statements_of(each)):
                for path, edits in _changed(command):
                    if not edits and not changed.get(path, True):
                        del changed[path]
        if changed and each.kind == BUILD and each.met.directory == directory:
            raise Refusal(
                f'{shortened(step.text)} changes {min(changed)}, and later builds find it so'
            )


def _changed(command: Simple) -> Iterator[tuple[str, bool]]:
    """The files that a command writes, and whether it edits what is there."""
    said = [literal(word) or '' for word in command.words]
    if (
        said[0] == 'sed'
        and said[-1]
        and any(each.startswith(('-i', '--in-place')) for each in said)
    ):
        yield said[-1], True
    if said[0] in _COPYING and said[-1]:
        yield said[-1], said[0] == 'mv'
    for each in command.redirections if said[0] in _PRINTING else ():
        name = literal(each.target)
        if each.operator in ('>', '>|') and name and not name.startswith('/dev/'):
            yield name, False


class _Reading:
    """The simple commands that statements run, or those that they run for `sure`."""

    def __init__(self, functions: Functions, sure: bool = False) -> None:
        self.functions = functions
        self.sure = sure
        self.called: set[str] = set()

    def commands(self, statements: Iterable[Statement]) -> Iterator[Simple]:
        for statement in statements:
            before = None
            for operator, pipeline in zip(('', *statement.operators), statement.pipelines):
                if self.sure and before and (operator == '||' or is_test(before)):
                    break
                before = pipeline
                for command in pipeline.commands:
                    if isinstance(command, Simple):
                        yield from self.simple(command)
                    elif isinstance(command, Group) or not self.sure:
                        for body in bodies(command):
                            yield from self.commands(body)

    def simple(self, command: Simple) -> Iterator[Simple]:
        if not command.words:
            return
        yield command
        name = literal(command.words[0]) or ''
        if name in self.functions and name not in self.called:
            self.called.add(name)
            for body in bodies(self.functions[name]):
                yield from self.commands(body)
        if name.rpartition('/')[2] in SHELLS and len(command.words) > 2:
            yield from self.commands(parse(_plain(command.words[2])).body)


def _plain(word: Word) -> str:
    """A word's text with `$name` for what is expanded."""
    return ''.join(
        piece.value
        if isinstance(piece, Text)
        else f'${{{piece.name}}}'
        if isinstance(piece, Parameter)
        else '$x'
        for piece in word.pieces
    )
