"""The way of the data: which packages may import which, and how large a module may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / 'kaniko_hooks'
MODULES = sorted(PACKAGE.rglob('*.py'))

# What every station may use: plain tuples, and nothing that imports more than they do.
_SHARED = {'model', 'named_tuple', 'text'}
_FILES = {'about', 'ci_paths', 'mentions', 'repository', 'prefilter'}
MAY_IMPORT = {
    'document': _SHARED,
    'shell': _SHARED,
    'kaniko': _SHARED,
    'rule': _SHARED,
    'ci': _SHARED | _FILES | {'document'},
    # Comments stand in YAML and in shell scripts.
    'suppression': _SHARED | {'document', 'lines', 'options', 'shell'},
    'report': _SHARED | {'about', 'advice', 'lines', 'options', 'rule', 'terminal'},
    'fix': _SHARED
    | _FILES
    | {'analysis', 'ci', 'document', 'kaniko', 'lines', 'options', 'rule', 'shell', 'terminal'},
}


def station(module: str) -> str:
    """The package or module right below `kaniko_hooks` that a dotted name is in."""
    return module.split('.')[1]


def imported(path: Path) -> Iterator[str]:
    """The dotted names that a module takes from this package, late imports too."""
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if node.module.split('.')[0] == 'kaniko_hooks':
                    yield f'{node.module}.{alias.name}'


@pytest.mark.parametrize('name', MAY_IMPORT)
def test_imports_go_the_way_of_the_data(name: str) -> None:
    own = [path for path in MODULES if station(_dotted(path)) == name]
    assert own
    used = {station(module) for path in own for module in imported(path)}
    assert used - {name} <= MAY_IMPORT[name]


def test_the_syntax_of_a_script_needs_nothing_of_what_it_does() -> None:
    names = {'braces', 'lexer', 'parser', 'tree'}
    used = {name for part in names for name in imported(PACKAGE / f'shell/{part}.py')}
    inside = {name.split('.')[2] for name in used if station(name) == 'shell'}
    assert used and inside <= names | {'TooMuch'}
    assert {station(name) for name in used} <= _SHARED | {'shell'}


@pytest.mark.parametrize('path', MODULES, ids=lambda path: _dotted(path))
def test_a_module_is_of_a_size_to_be_read(path: Path) -> None:
    text = path.read_text(encoding='utf-8')
    assert text.count('\n') <= 450
    assert ast.get_docstring(ast.parse(text))


def _dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix('').parts
    return '.'.join(parts)
