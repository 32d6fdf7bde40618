"""Pictures of a terminal for the README, from real output: python -m tools.pictures

`rich` draws them: pip install -e '.[docs]'. tests/docs_pictures_test.py notices when one
is out of date.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from html import unescape
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / 'docs/pictures'
COLUMNS = 92
_EXAMPLE = '--gitlab-config examples/bad/.gitlab-ci.yml examples/bad'
# The name of a picture, and the command that it shows.
PICTURES = {
    'check': f'check-kaniko-builds {_EXAMPLE}',
    'fix': f'fix-kaniko-builds --diff {_EXAMPLE}',
}
_ESCAPE = re.compile(r'\x1b\[[0-9;]*m')
# rich's own one without a font from elsewhere: pages show pictures without loading anything.
_SVG = """\
<svg class="{unique_id}" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def output(command: str) -> str:
    """The output of a command in a repository that has the examples, in colour."""
    hook, *arguments = shlex.split(command)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / 'examples', Path(folder, 'examples'))
        subprocess.run(('git', 'init', '-q'), cwd=folder, check=True)
        subprocess.run(('git', 'add', '-A'), cwd=folder, check=True)
        return subprocess.run(
            (sys.executable, '-m', f'kaniko_hooks.{hook.replace("-", "_")}', *arguments),
            cwd=folder,
            env={
                **os.environ,
                'PYTHONPATH': str(ROOT),
                'FORCE_COLOR': '1',
                'NO_COLOR': '',
                'COLUMNS': str(COLUMNS),
                'PRE_COMMIT': '',
            },
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ).stdout


def screen(command: str) -> str:
    """A terminal after the command."""
    return f'$ {command}\n{output(command)}'


def letters(text: str) -> str:
    """A text without colour, blanks and line ends, which differ between screen and picture."""
    return ''.join(_ESCAPE.sub('', text).split())


def letters_of_picture(svg: str) -> str:
    """The letters that a picture shows."""
    matrix = svg[svg.index('-matrix">') :]
    return letters(unescape(''.join(re.findall(r'<text[^>]*>([^<]*)</text>', matrix))))


def draw(name: str, shown: str) -> str:
    """The SVG of a terminal that shows a text."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=COLUMNS, file=open(os.devnull, 'w'), force_terminal=True)
    for line in Text.from_ansi(shown).split('\n'):
        # A terminal breaks lines anywhere, rich between words.
        for part in line.divide(range(COLUMNS, len(line), COLUMNS)):
            console.print(part, highlight=False)
    return str(console.export_svg(title='', code_format=_SVG, unique_id=name))


def main() -> None:
    """Write the pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name, command in PICTURES.items():
        svg = draw(name, screen(command))
        assert letters_of_picture(svg) == letters(screen(command))
        lines = [line.rstrip() for line in svg.splitlines() if line.strip()]
        (FOLDER / f'{name}.svg').write_text('\n'.join(lines) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
