"""Converts between the old and the new types of the model, while readers move to the new ones.

To be deleted with `Command`, `Variable`, `ScriptPart` and `Guard`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kaniko_hooks.cond import And, Cond, Eq, Match, Not, Truth, all_of, any_of, negate
from kaniko_hooks.model import (
    AND,
    NOT,
    Command,
    Comparison,
    Container,
    Group,
    Guard,
    Place,
    Script,
    ScriptPart,
    Setting,
    Variable,
)
from kaniko_hooks.text import ROOT, Hole, Segment, Text, hole

_NAME = re.compile(r'\$(?:\$|\{(\w+)\}|(\w+))')
_OPAQUE = re.compile(
    r'\$\{\{(?:[^}\n]|\}(?!\})){0,400}\}\}|\$\[\[[^\n]{0,400}?\]\]'
    r'|\{\{(?:[^}\n]|\}(?!\})){0,400}\}\}'
    r'|<<[ \t]*(?:parameters|pipeline|matrix|item)\.[\w.\-]+[ \t]*>>'
    r'|\$\((?:tt\.|inputs\.)?(?:params|workspaces|results|context)[.\[][^()\s]{1,400}\)'
)


_WORKSPACES = (
    'CI_PROJECT_DIR GITHUB_WORKSPACE CIRCLE_WORKING_DIRECTORY DRONE_WORKSPACE CI_WORKSPACE'
    ' VELA_WORKSPACE BITBUCKET_CLONE_DIR BUILD_SOURCESDIRECTORY'
).split()


def with_parts(container: Container) -> Container:
    """The container with the old form of its scripts and image."""
    if container.parts or not container.scripts:
        return container
    image = container.image
    variables = container.scripts[0].variables
    return container._replace(
        parts=tuple(map(_part, container.scripts)),
        image=_variable(image, variables) if isinstance(image, Setting) else image,
    )


def with_scripts(container: Container) -> Container:
    """The container with the new form of its scripts and image."""
    image = container.image
    if container.scripts or not container.parts:
        return container._replace(image=_setting(image) if isinstance(image, Variable) else image)
    return container._replace(
        scripts=tuple(map(_script, container.parts)),
        image=_setting(image) if isinstance(image, Variable) else image,
    )


def _part(script: Script) -> ScriptPart:
    return ScriptPart(
        tuple(_command(_filled(text, script.variables)) for text in script.commands),
        {
            name: _variable(setting, script.variables)
            for name, setting in script.variables.items()
            if name.isidentifier() and name != 'CI_PROJECT_DIR'
        },
        script.form,
        script.always,
        script.directory,
        script.shell,
        _guard(script.cond),
        tuple(_command(_filled(text, script.variables)) for text in script.arguments),
        script.calls,
        script.root,
    )


def _filled(text: Text, variables: Mapping[str, Setting], depth: int = 5) -> Text:
    """With the holes filled whose one value is known."""
    replacements = []
    for each in text.holes if depth else ():
        setting = variables.get(each.name)
        if setting is not None and len(setting.values) == 1 and len(text.value) < 10_000:
            new = _filled(setting.values[0], variables, depth - 1)
            if each.name not in {inner.name for inner in new.holes}:
                replacements.append((each.start, each.end, new))
    return text.replaced(replacements) if replacements else text


def _command(text: Text) -> Command:
    place = text.place(0) if text.segments else Place('', 0)
    text = text.replaced(
        [
            (each.start, each.end, Text(_notation(each.name)))
            for each in text.holes
            if not _is_notation(text.value[each.start : each.end])
        ]
    )
    return Command(text.value, place.file, place.offset, lambda at: text.place(at).offset)


def _is_notation(text: str) -> bool:
    plain = r'\$\([\w.\-\[\]\'"*]{1,200}\)|\$\w+|\$\{\w+\}'
    return bool(_OPAQUE.fullmatch(text) or re.fullmatch(plain, text))


def _notation(name: str) -> str:
    return '$CI_PROJECT_DIR' if name == ROOT else f'{{{{{re.sub(r"[^A-Za-z0-9.:]+", "_", name)}}}}}'


def _variable(setting: Setting, variables: Mapping[str, Setting]) -> Variable:
    values = [_filled(text, variables) for text in setting.values]
    for text in values[:1] if len(values) == 1 else ():
        names = {each.name for each in text.holes if len(_values(each.name, variables)) > 1}
        if len(names) == 1:
            name = names.pop()
            values = [
                text.replaced(
                    [(each.start, each.end, new) for each in text.holes if each.name == name]
                )
                for new in _values(name, variables)
            ]
    if any(
        len(text.holes) == 1
        and text.holes[0].end - text.holes[0].start == len(text.value)
        and text.holes[0].name != ROOT
        for text in values
    ):
        return Variable((), setting.places)
    if not any(text.holes for text in values):
        return Variable(tuple(text.value for text in values), setting.places)
    return Variable(tuple(map(_escaped, values)), setting.places, expand=True)


def _values(name: str, variables: Mapping[str, Setting]) -> tuple[Text, ...]:
    return variables[name].values if name in variables else ()


def _escaped(text: Text) -> str:
    pieces, at = [], 0
    for each in text.holes:
        name = 'CI_PROJECT_DIR' if each.name == ROOT else re.sub(r'\W+', '_', each.name).strip('_')
        name = name if name.isidentifier() else f'_{name}'
        written = text.value[each.start : each.end]
        shown = written if written == f'${name}' else f'${{{name}}}'
        pieces += [text.value[at : each.start].replace('$', '$$'), shown]
        at = each.end
    return ''.join((*pieces, text.value[at:].replace('$', '$$')))


def _guard(cond: Cond) -> Guard:
    if cond is None or isinstance(cond, bool):
        return cond
    if isinstance(cond, Eq):
        return Comparison(_subject(cond.left), cond.right.value)
    if isinstance(cond, Match):
        prefix = cond.pattern.endswith('*') and not re.search(r'[*?\[]', cond.pattern[:-1])
        return Comparison(_subject(cond.subject), cond.pattern[:-1], True) if prefix else None
    if isinstance(cond, Truth):
        return Group(NOT, (Comparison(cond.name, ''),))
    if isinstance(cond, Not):
        return Group(NOT, (_guard(cond.part),))
    return Group(AND if isinstance(cond, And) else 'or', tuple(map(_guard, cond.parts)))


def _subject(text: Text) -> str:
    return text.holes[0].name if len(text.holes) == 1 else text.value


def _script(part: ScriptPart) -> Script:
    return Script(
        tuple(_text(command, part.form) for command in part.commands),
        {
            **{name: Setting((hole(ROOT, f'${name}'),)) for name in _WORKSPACES},
            **{name: _setting(variable) for name, variable in part.variables.items()},
        },
        part.form,
        part.always,
        part.directory,
        part.shell,
        _cond(part.guard),
        tuple(_text(command, part.form) for command in part.arguments),
        part.calls,
        part.root,
    )


def _text(command: Command, form: str) -> Text:
    holes = [
        Hole(match.start(), match.end(), ''.join(match.group().split()))
        for match in _OPAQUE.finditer(command.text)
    ]
    if form != 'script':
        holes += [
            Hole(match.start(), match.end(), match.group(1))
            for match in re.finditer(r'\$\(([\w.\-\[\]\'"*]{1,200})\)', command.text)
            if not any(each.start == match.start() for each in holes)
        ]
    locate = command.locate
    file = command.file
    segment = Segment(0, lambda offset: Place(file, locate(offset)), 0, True)
    return Text(command.text, tuple(sorted(holes)), (segment,))


def _setting(variable: Variable) -> Setting:
    values = tuple(
        _expanding(value) if variable.expand else Text(value) for value in variable.values
    )
    return Setting(values, variable.places)


def _expanding(value: str) -> Text:
    replacements = [
        (match.start(), match.end(), hole(name, match.group()) if name else Text('$'))
        for match in _NAME.finditer(value)
        for name in (match.group(1) or match.group(2) or '',)
    ]
    return Text(value).replaced(replacements)


def _cond(guard: Guard) -> Cond:
    if guard is None or isinstance(guard, bool):
        return guard
    if isinstance(guard, Comparison):
        subject = hole(guard.subject)
        if guard.prefix:
            return Match(subject, guard.value + '*')
        return Eq(subject, Text(guard.value))
    parts = map(_cond, guard.parts)
    if guard.kind == NOT:
        return negate(next(parts))
    return all_of(parts) if guard.kind == AND else any_of(parts)
