"""A script builds as often wherever it stands: in a group, a function, a child shell, a file."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shell_sample import count, run

CASES = Path(__file__).parent / 'cases' / 'shell'
FILE = 'ci/run.sh'


def scripts() -> list[str]:
    return [
        case['script']
        for name in ('shell-cases.json', 'shell-hard.json', 'shell-practice.json')
        for case in json.loads((CASES / name).read_text(encoding='utf-8'))
        # A closing bracket too many ends what the script is written into.
        if not case['script'].startswith('echo )')
    ]


def lines(text: str) -> str:
    return text if text.endswith('\n') else text + '\n'


@pytest.mark.parametrize(
    'wrapped',
    (
        pytest.param(lambda text: 'set -eu\n' + lines(text) + 'echo built', id='lines around'),
        pytest.param(lambda text: '{\n' + lines(text) + '} > log 2>&1', id='group'),
        pytest.param(lambda text: '(\n' + lines(text) + ')', id='subshell'),
        pytest.param(lambda text: '{\n' + lines(text) + '} &\nwait', id='background'),
        pytest.param(lambda text: '{\n' + lines(text) + '} | tee log', id='pipe'),
        pytest.param(lambda text: '! {\n' + lines(text) + '}', id='not'),
        pytest.param(lambda text: 'time {\n' + lines(text) + '}', id='time'),
        pytest.param(lambda text: 'make || {\n' + lines(text) + '}', id='or'),
        pytest.param(lambda text: 'if make; then\n' + lines(text) + 'fi', id='if'),
        pytest.param(lambda text: 'if make; then\n:\nelse\n' + lines(text) + 'fi', id='else'),
        pytest.param(lambda text: 'case $A in\nx)\n' + lines(text) + ';;\nesac', id='case'),
        pytest.param(lambda text: 'for once in 1; do\n' + lines(text) + 'done', id='for'),
        pytest.param(lambda text: 'f() {\n' + lines(text) + '}\nf', id='function'),
        pytest.param(
            lambda text: 'function f {\n' + lines(text) + '}\nf a b', id='function of bash'
        ),
        pytest.param(lambda text: 'OUT=$(\n' + lines(text) + ')', id='substitution'),
        pytest.param(lambda text: 'echo "$(\n' + lines(text) + ')"', id='quoted substitution'),
        pytest.param(lambda text: 'eval ' + shlex.quote(text), id='eval'),
        pytest.param(lambda text: 'sh -c ' + shlex.quote(text), id='sh -c'),
        pytest.param(
            lambda text: 'env LANG=C timeout 60 bash -ec ' + shlex.quote(text), id='bash -ec'
        ),
        pytest.param(
            lambda text: f'sh -c {shlex.quote("bash -c " + shlex.quote(text))}', id='nested'
        ),
        pytest.param(lambda text: f'S={shlex.quote(text)}\neval "$S"', id='variable'),
        pytest.param(lambda text: "sh <<'END'\n" + lines(text) + 'END', id='heredoc'),
        pytest.param(lambda text: "cat <<'END' | sh\n" + lines(text) + 'END', id='piped heredoc'),
        pytest.param(lambda text: f"printf '%s\\n' {shlex.quote(text)} | sh", id='printf'),
        pytest.param(
            lambda text: "cat > b.sh <<'END'\n" + lines(text) + 'END\nsh b.sh', id='written file'
        ),
        pytest.param(lambda _: f'sh {FILE}', id='file'),
        pytest.param(lambda _: f'cd ci && . ./{FILE[3:]}', id='sourced file'),
        pytest.param(lambda _: f'chmod +x {FILE} && ./{FILE}', id='called file'),
        pytest.param(lambda _: f'cat {FILE} | sh', id='piped file'),
        pytest.param(lambda _: f'sh < {FILE}', id='file as input'),
    ),
)
def test_as_often(wrapped: Callable[[str], str]) -> None:
    for script in scripts():
        alone, inside = run(script), run(wrapped(script), files={FILE: script})
        assert (count(inside), inside.verdict) == (count(alone), alone.verdict), script
