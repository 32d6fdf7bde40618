"""Output of commands: what each prints, as far as the script itself has it.

Evaluated are `echo`, `cat`, literal `printf`, fields and marks of known texts, paths,
and look-ups of commands; everything else is a hole. What the program has read, and
the commands that its words name, are kept for the case that the output is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from kaniko_hooks.model import Field
from kaniko_hooks.shell import paths, variables
from kaniko_hooks.shell.env import REPEATED, Flow, Scope, State
from kaniko_hooks.shell.fields import file_names
from kaniko_hooks.shell.programs import LOCAL, PURE, SEARCHING, base_name, program
from kaniko_hooks.shell.value import EMPTY, bounded, fresh_name, may_build, mentions_executor
from kaniko_hooks.text import Text, concat, hole

_LINE_END = Text('\n')
# `tr , ' '` and `sed 's/,/ /g'`; `cut -d: -f2` and `awk -F: '{print $2}'`.
_REPLACES = r'(?:tr |sed (s)(.))([,:;| /])(?(1)\2| )(\\n|[^&\\]?)(?(1)\2g)'
_SELECTS = r'(?:cut -d ?(.) -f ?|awk (?:-F ?(\S) )?{ ?print \$)([1-9])(?:;? ?})?'
_ESCAPES = {'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', '"': '"', "'": "'", 'e': '\x1b'}


def printed(scope: Scope, states: Iterable[State], fields: Sequence[Field]) -> Flow:
    """The states after a command that prints something and does nothing else."""
    if not scope.captured:
        return Flow(states)
    flow = Flow()
    for state in states:
        before = state.env.stdout
        scope.ev.spend(5 + before.weight)
        text = bounded(concat((before, text_of(scope, state, fields))))
        flow.normal.append(state.with_env(state.env._replace(stdout=text)))
    return flow


def prints(scope: Scope, state: State, fields: Sequence[Field]) -> Flow:
    """A command that prints something, does nothing else and may fail."""
    return printed(scope, [state.with_status(None)], fields)


def _unknown(scope: Scope, state: State, fields: Sequence[Field]) -> Text:
    """The output of a command that is not evaluated.

    Where it is run, it is what was read, and the commands that its words name.
    """
    command = ' '.join(field.text.value for field in fields)
    result = hole(fresh_name(f'$({command})'), f'$({command})')
    texts: list[Text] = []
    row = program(base_name(fields[0]))
    if row.reads and row.kind in (PURE, LOCAL):
        texts = [] if state.env.stdin is None else [with_inputs(scope, state.env.stdin)]
        for field in fields[1:]:
            texts += [
                text for _, text in paths.contents(scope, state.env, field.text, is_run=False)
            ]
        texts = [text for text in texts if may_build(text)]
    if base_name(fields[0]) not in SEARCHING:
        texts += [text for field in fields[1:] for text in _commands_in(state, field.text)]
    if texts:
        scope.ev.inputs[result.hole_name] = _LINE_END.join(texts)
    return result


def _commands_in(state: State, word: Text) -> Iterator[Text]:
    """The commands that a word of a program makes: `{print "/kaniko/executor -c " $1}`.

    They may be the executor, functions or scripts, with any arguments and any number of times.
    """
    for match in re.finditer(r'(?<![\w./\\-])[\w./\\-]+(?=[\s"\';&|]|\Z)', word.value):
        name = match[0].rpartition('/')[2]
        is_function = name in state.env.functions
        # The last word may be a file that a filter reads.
        is_own = (is_function or name.endswith('.sh')) and match.end() < len(word.value)
        if name == 'executor' or is_own:
            command = Text(name) if is_function else word.part(*match.span())
            # It may as well set variables.
            anything = hole(fresh_name(REPEATED), '$(…)')
            yield concat((command, Text(' '), anything, _LINE_END, anything, _LINE_END))


def with_inputs(scope: Scope, text: Text) -> Text:
    """A text with what its holes stand for, if that is a file, or what a filter has read."""
    pieces: list[Text] = []
    at = 0
    for item in text.holes:
        content = scope.ev.inputs.get(item.name)
        if content is not None:
            pieces += (text.part(at, item.start), content)
            at = item.end
    return concat((*pieces, text.part(at))) if pieces else text


def text_of(scope: Scope, state: State, fields: Sequence[Field]) -> Text:
    """The output of a command."""
    printer = _PRINTERS.get(base_name(fields[0]))
    result = printer(scope, state, fields) if printer else None
    return result or _unknown(scope, state, fields)


def _echo(scope: Scope, state: State, fields: Sequence[Field]) -> Text | None:
    words = [field.text for field in fields[1:]]
    line_end = True
    escapes = False
    while words and re.fullmatch('-[neE]+', words[0].known or ''):
        line_end = line_end and 'n' not in words[0].value
        escapes = 'e' in words[0].value
        del words[0]
    text = Text(' ').join(words)
    if escapes:
        text = _unescaped(text)
    return concat((text, _LINE_END)) if line_end else text


def _unescaped(text: Text) -> Text:
    """With the characters that backslashes stand for."""
    if '\\' not in text.value:
        return text
    replacements = [
        (match.start(), match.end(), Text(_ESCAPES[match[1]]))
        for match in re.finditer(r'\\([ntr\\"\'e])', text.value)
        if not text.in_hole(match.start())
    ]
    return text.replaced(replacements)


def _printf(scope: Scope, state: State, fields: Sequence[Field]) -> Text | None:
    """`printf FORMAT WORDS…`: the format is used again until no words are left."""
    ends_options = len(fields) > 2 and fields[1].text.known == '--'
    words = [field.text for field in fields[1 + ends_options :]]
    if not words or not ends_options and words[0].value[:1] == '-' or len(fields) > 200:
        return None
    if any(field.splits for field in fields):
        # The format may be used any number of times.
        return None
    form = _unescaped(words.pop(0))
    directives = list(re.finditer(r'%(.)', form.value))
    if any(match[1] not in 'sdb%' for match in directives):
        return None
    used = sum(match[1] != '%' for match in directives)
    pieces: list[Text] = []
    while True:
        replacements = []
        for match in directives:
            word = Text('%') if match[1] == '%' else words.pop(0) if words else EMPTY
            replacements.append((*match.span(), word))
        pieces.append(form.replaced(replacements))
        if not words or not used:
            return concat(pieces)


def _cat(scope: Scope, state: State, fields: Sequence[Field]) -> Text | None:
    """Files of the repository are one hole each: they may be others in the container.

    A command that may have changed files makes another hole.
    """
    if len(fields) == 1 or fields[0].text.known == 'tee':
        return state.env.stdin
    pieces: list[Text] = []
    for field in fields[1:]:
        contents = paths.contents(scope, state.env, field.text, is_run=False)
        if len(contents) != 1 or field.splits:
            return None
        path, text = contents[0]
        if not any(text is own for texts in state.env.files.values() for own in texts):
            name = f'content of {path} #{state.env.epoch}'
            scope.ev.inputs[name] = text
            text = hole(name, f'$(cat {field.text.value})')
        pieces.append(text)
    return concat(pieces)


def _filtered(scope: Scope, state: State, fields: Sequence[Field]) -> Text | None:
    """A known text with another character for one, or a field of each of its lines."""
    text = state.env.stdin
    if text is None or text.holes:
        return None
    scope.ev.spend(len(text.value) // 4)
    words = ' '.join(field.text.known or '\n' for field in fields)
    match = re.fullmatch(_REPLACES, words)
    if match:
        return _unescaped(Text(match[4])).join(text.split(match[3]))
    match = re.fullmatch(_SELECTS, words)
    if match is None:
        return None
    printed = ''
    for line in text.value.splitlines():
        parts = line.split(match[1] or match[2])
        # Without a mark `cut` prints all of the line.
        number = 1 if match[1] and len(parts) == 1 else int(match[3])
        printed += f'{parts[number - 1] if number <= len(parts) else ""}\n'
    return Text(printed)


def names_of_find(fields: Sequence[Field]) -> Text:
    """A name that `find` finds."""
    folder = hole(fresh_name('{}'), '{}')
    words = [field.text.known for field in fields]
    names = [field.text for word, field in zip(words, fields[1:]) if word == '-name']
    if len(names) != 1 or not {'!', '-not', '-o', '-or'}.isdisjoint(words):
        return folder
    return concat((folder, Text('/'), file_names(names[0])))


def _absolute(scope: Scope, state: State, fields: Sequence[Field]) -> Text | None:
    """`pwd`, `realpath path`."""
    path = Text('.') if base_name(fields[0]) == 'pwd' else _operand(fields)
    targets = paths.targets(scope, state.env, path)
    return concat((variables.absolute(targets[0]), _LINE_END)) if len(targets) == 1 else None


def _dirname(scope: Scope, state: State, fields: Sequence[Field]) -> Text | None:
    parts = _operand(fields).split('/')
    if len(parts) == 1:
        return None if parts[0].holes else Text('.\n')
    folder = Text('/').join(parts[:-1])
    return concat((folder if folder.value else Text('/'), _LINE_END))


def _basename(scope: Scope, state: State, fields: Sequence[Field]) -> Text | None:
    last = _operand(fields).split('/')[-1]
    return concat((last, _LINE_END)) if last.known else None


def _operand(fields: Sequence[Field]) -> Text:
    """The operand of a command that has one; unknown if it has more."""
    operands = [field.text for field in fields[1:] if field.text.value[:1] != '-']
    return operands[0] if len(operands) == 1 else hole('')


def _which(scope: Scope, state: State, fields: Sequence[Field]) -> Text | None:
    """`which executor`: the path of Kaniko's executor."""
    name = _operand(fields).known or ''
    path = name if '/' in name else f'/kaniko/{name}'
    return Text(f'{path}\n') if mentions_executor(name) else None


_PRINTERS = {
    'echo': _echo,
    'printf': _printf,
    'cat': _cat,
    'tee': _cat,
    'awk': _filtered,
    'cut': _filtered,
    'sed': _filtered,
    'tr': _filtered,
    'pwd': _absolute,
    'dirname': _dirname,
    'basename': _basename,
    'readlink': _absolute,
    'realpath': _absolute,
    'which': _which,
    'command': _which,
    'type': _which,
}
