"""Google Cloud Build: each step is a container of its own.

Source: cloud.google.com/build/docs/build-config-file-schema and
…/configuring-builds/substitute-variable-values (`$_X`, `${_X}`, `$$`; not in `script`).
Not here: `automapSubstitutions`, which makes them variables of scripts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kaniko_hooks.ci.common import (
    File,
    Settings,
    Source,
    argv,
    commands,
    environment,
    filled,
    folder_in,
    image_of,
    is_null,
    shebang,
)
from kaniko_hooks.document.nodes import Node, ScalarNode, fields, items_of, text_of, value_of
from kaniko_hooks.model import Container, Script, Text
from kaniko_hooks.text import hole

# `$$`, `$_X`, `${_X}`, and with bash's expansions `${_X:-true}`.
_REFERENCE = r'\$\$|\$\{([A-Z_][A-Z0-9_]*(?:[^A-Z0-9_}][^}]{0,200})?)\}|\$([A-Z_][A-Z0-9_]*)'


def read(source: Source) -> Iterator[Container]:
    """The containers of a build configuration."""
    file, document = source.file, source.document
    defaults = value_of(document, 'substitutions')
    values = environment(file, defaults, _filled)
    substitutions = {name: values[name] for name in values if not is_null(value_of(defaults, name))}
    for index, step in enumerate(items_of(value_of(document, 'steps'))):
        script = _script(file, step, value_of(document, 'options'), substitutions)
        if script is not None:
            yield Container(
                source.system.name,
                f'{source.prefix}steps[{index}]',
                file.place(step),
                image_of(file, value_of(step, 'name'), _filled),
                scripts=(script,),
                label=text_of(value_of(step, 'id')),
            )


def _filled(text: Text) -> Text:
    """The text with a hole for each substitution, named apart from the shell's variables."""

    def value(match: re.Match[str]) -> Text:
        name = match[1] or match[2]
        return hole(f'${{{name}}}', match[0]) if name else Text('$')

    return filled(text, _REFERENCE, value)


def _script(file: File, step: Node, options: Node | None, substitutions: Settings) -> Script | None:
    variables = {
        **{f'${{{name}}}': setting for name, setting in substitutions.items()},
        **environment(file, value_of(options, 'env'), _filled),
        **environment(file, value_of(step, 'env'), _filled),
    }
    folder = folder_in('', text_of(value_of(step, 'dir')))
    source = value_of(step, 'script')
    if isinstance(source, ScalarNode):
        shell = shebang(source.value) or 'sh'
        return Script((file.scalar(source),), variables, directory=folder, shell=shell)
    first, words = (
        commands(file, value_of(step, name), _filled) for name in ('entrypoint', 'args')
    )
    return argv(first, words, fields(step).get('args'), variables, folder)
