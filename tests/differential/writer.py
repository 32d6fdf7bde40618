"""Random scripts, written by the productions of a grammar."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

from kaniko_hooks.named_tuple import NamedTuple

EXECUTOR = '/kaniko/executor'
_MAX_DEPTH = 3
_WEIGHTED = re.compile(r'(\d+) \* (.*)', re.DOTALL)
_SYMBOL = re.compile('@([a-z]+)@')
_SURROUNDINGS = {
    'A': ('', 'x', 'y', 'z', 'x y', None),
    'B': ('', 'x', 'y', '1', None),
    'C': ('', 'x', 'y', None),
    'N': ('', '0', '1', '2', '01', 'x', None),
    'L': ('', 'x', 'x y', 'x y z', None),
    'M': ('', 'y', '1 2', None),
    'WORDS': ('', 'x', 'x y'),
}


class Sample(NamedTuple):
    """A random script and the files around it."""

    script: str
    files: dict[str, str]
    for_bash: bool


class Surroundings(NamedTuple):
    """The environment of one run, and the calls of programs that fail in it."""

    variables: dict[str, str]
    failing_builds: tuple[int, ...]
    failing_programs: tuple[int, ...]


def sample(seed: int) -> Sample:
    """The script of a seed."""
    writer = _Writer(seed)
    # Scripts of the repository run no others, so that none runs itself.
    writer.depth = _MAX_DEPTH - 1
    files = {path: writer.file() for path in ('s.sh', 'd1/s.sh', 'd2/s.sh', 'lib.sh')}
    writer.depth = 0
    writer.runs_scripts = True
    script = f'set {writer.random.choice("-+")}e\n{writer.block()}\n'
    return Sample(script, files, writer.for_bash)


def surroundings(seed: int, count: int) -> list[Surroundings]:
    """Random surroundings for the script of a seed."""
    chooser = random.Random(f'surroundings {seed}')
    result = []
    for _ in range(count):
        values = {name: chooser.choice(choices) for name, choices in _SURROUNDINGS.items()}
        builds, programs = (
            tuple(number for number in range(1, 9) if chooser.random() < share)
            for share in (chooser.choice((0, 0.3, 0.7)), chooser.choice((0.2, 0.5, 0.8)))
        )
        variables = {name: value for name, value in values.items() if value is not None}
        result.append(Surroundings(variables, builds, programs))
    return result


@cache
def _grammar(for_bash: bool) -> dict[str, tuple[Sequence[str], Sequence[int]]]:
    """Symbol -> its productions and their weights."""
    path = Path(__file__).with_name('grammar.yaml')
    loaded = yaml.safe_load(path.read_text(encoding='utf-8'))
    result: dict[str, tuple[Sequence[str], Sequence[int]]] = {}
    for symbol, productions in loaded.items():
        if symbol.startswith('bash '):
            continue
        if for_bash:
            productions = [*productions, *loaded.get(f'bash {symbol}', ())]
        matches = [(_WEIGHTED.fullmatch(text), text) for text in productions]
        result[symbol] = (
            [_plain(match[2]) if match else text for match, text in matches],
            [int(match[1]) if match else 1 for match, _ in matches],
        )
    return result


def _plain(text: str) -> str:
    """A production after its weight, which YAML reads as plain text, without its quotes."""
    loaded = yaml.safe_load(text) if text[:1] in ('"', "'") else text
    return str(loaded)


class _Writer:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.for_bash = seed % 4 == 3
        self.grammar = _grammar(self.for_bash)
        self.share = self.random.choice((0.1, 0.3, 1))
        self.depth = 0
        self.count = 0
        self.functions: list[str] = []
        self.runs_scripts = False

    def file(self) -> str:
        return f'#!/bin/sh\n{self.block()}\n'

    def block(self) -> str:
        """Some statements."""
        self.depth += 1
        statements = [self.statement() for _ in range(self.random.randint(1, 3))]
        self.depth -= 1
        return '\n'.join(statements)

    def statement(self) -> str:
        if self.depth > _MAX_DEPTH:
            return self.symbol('simple')
        if self.random.random() < 0.07:
            return self._function()
        return self.symbol('statement')

    def _function(self) -> str:
        """A definition and a call; the body calls only functions that are defined before it."""
        name = f'f{self._next()}'
        body = self.block()
        self.functions.append(name)
        return f'{name}() {{\n{body}\n}}\n{name} {self.symbol("arguments")}'

    def symbol(self, name: str) -> str:
        """One production of a symbol."""
        productions, weights = self.grammar[name]
        while True:
            [production] = self.random.choices(productions, weights)
            if self.runs_scripts or '.sh' not in production:
                break
        number = ''

        def replacement(match: re.Match[str]) -> str:
            nonlocal number
            symbol = match[1]
            if symbol == 'new':
                number = str(self._next())
            if symbol in ('new', 'same'):
                return number
            if symbol == 'build':
                return self._build()
            if symbol == 'block':
                return self.block()
            if symbol == 'quoted':
                return self.block().replace("'", "'\\''")
            if symbol == 'function':
                return self.random.choice(self.functions or [':'])
            return self.symbol(symbol)

        return _SYMBOL.sub(replacement, production)

    def _build(self) -> str:
        """A build, or another program where a script has few builds."""
        program = EXECUTOR if self.random.random() < self.share else 'maybe'
        return f'{program} -d b{self._next()}'

    def _next(self) -> int:
        self.count += 1
        return self.count
