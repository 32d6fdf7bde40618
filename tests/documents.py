"""The documents of the project, and the code blocks in them.

The words after a fence are its kind and its label:

- `console`: lines after `$ ` are run in one shell, the others are their output. A YAML block
  directly above that is labelled with a file's name is in the repository.
- `yaml bad`, `yaml good`: a pipeline that the check reports or passes.
- `yaml before`, `yaml after`: a pipeline, and the result of the fix.
- `yaml FILE`: a configuration for another program.
- `sh`: commands for a clone of this repository.
- `text`: a drawing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
DOCUMENTS = (
    *sorted(path.name for path in ROOT.glob('*.md')),
    *sorted(f'docs/{path.name}' for path in (ROOT / 'docs').glob('*.md')),
)
_BLOCK = re.compile(r'^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of a document."""

    document: str
    line: int
    kind: str
    label: str
    text: str

    @property
    def end(self) -> int:
        """The line after the block."""
        return self.line + self.text.count('\n') + 2

    @property
    def id(self) -> str:
        """The block's place, for pytest."""
        return f'{self.document}:{self.line}'


def blocks() -> list[Block]:
    """The blocks of all documents, in order."""
    result = []
    for name in DOCUMENTS:
        content = (ROOT / name).read_text(encoding='utf-8')
        for match in _BLOCK.finditer(content):
            kind, _, label = match['info'].partition(' ')
            line = content.count('\n', 0, match.start()) + 1
            result.append(Block(name, line, kind, label, match['text']))
    return result


def labelled(label: str) -> list[Block]:
    """The blocks with a label."""
    return [block for block in blocks() if block.label == label]
