"""Two independent judges: real shells with a stub for the executor, and shfmt."""

from __future__ import annotations

import json
import os
import random
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kaniko_hooks.model import Flags, Word
from kaniko_hooks.old_shell.runs import container_run, trace
from kaniko_hooks.old_shell.syntax import tree
from kaniko_hooks.old_shell.syntax.parser import parse
from tests.shell_sample import part

pytestmark = pytest.mark.slow

DECLARATIONS = ('export', 'readonly', 'local', 'declare', 'typeset', 'let')
# Those that the machine has; `.ci/run` installs all.
SHELLS = tuple(
    shell for shell in (('bash',), ('dash',), ('busybox', 'sh')) if shutil.which(shell[0])
)
STUB = """#!/bin/sh
next=$(printf '\\036') run=$0
for word; do run=$run$next$word; done
printf '%s\\035' "$run" >> "$RECORD"  # at once: two of them may run at the same time
[ -z "$FAIL" ] || { n=$(cat "$RECORD" | tr -dc '\\035' | wc -c)
case ",$FAIL," in *",$n,"*) exit 1 ;; esac; }
"""
E = '/kaniko/executor'
NO_FILES: dict[str, str] = {}


def _record(
    folder: str,
    shell: tuple[str, ...],
    script: str,
    failing: str = '',
    environment: dict[str, str] | None = None,
) -> list[list[str]]:
    """The argv of each executor that a real shell runs."""
    stub = os.path.join(folder, 'kaniko', 'executor')
    if not os.path.exists(stub):
        os.mkdir(os.path.dirname(stub))
        with open(stub, 'w', encoding='utf-8') as stream:
            stream.write(STUB)
        os.chmod(stub, os.stat(stub).st_mode | stat.S_IXUSR)
    record = os.path.join(folder, 'record')
    with open(record, 'w', encoding='utf-8'):
        pass
    variables = {
        'PATH': os.environ['PATH'],
        'RECORD': record,
        'FAIL': failing,
        **(environment or {}),
    }
    subprocess.run(
        [*shell, '-c', script.replace(E, stub)],
        cwd=folder,
        env=variables,
        timeout=600,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with open(record, encoding='utf-8') as stream:
        runs = stream.read().split('\035')[:-1]
    return [each.replace(stub, E).split('\036') for each in runs]


STRAIGHT = (
    f'{E} --context . -d "a b"',
    f'{E} --build-arg=\'A=$x "q"\' --label a\\ b=c -d "\\$HOME \\\\ \\x"',
    f'A=1; B="$A 2"; {E} $B "$B" ${{A}}3 "${{C:-d e}}" ${{C:-d e}} ${{A:+yes}} ${{#B}}',
    f'{E} \\\n  -d a \\\n  # comment\n  -d b',
    f'set -- a "b c" d; {E} "$@" x; {E} $*; shift; {E} "$1" $#',
    f'X=/a/b/c.txt; {E} ${{X%/*}} ${{X##*/}} ${{X%.*}} ${{X#/}}',
    f'f() {{ {E} "$1" "${{2:-z}}"; }}; f a; f "b c" d',
    f'for i in a "b c" d; do {E} "$i"; done',
    f'{E} a;{E} b|{E} c',
    f'cat <<EOF | sh\n{E} -d x\nEOF\n{E} y',
    f'cat <<-EOF > f; {E} "$(echo a)"\n\ttext\n\tEOF\n{E} b',
    f"eval '{E} \"a b\" c'; sh -c '{E} \"$1\"' name 'x y'",
    f'X=; {E} a $X "$X" b""c',
    f'A=x; A=y {E} "$A"; {E} $A',
    f'f() {{ local A=1; {E} $A; }}; A=0; f; {E} $A',
    f'echo a "b c" | xargs {E} -d',
    f'{E} `echo a` "`echo b`"; X=`echo \\`echo c\\``; {E} d',
    f'case abc in a*) {E} y;; esac',
    f'if true; then {E} a; fi > f; {{ {E} b; }} 2>&1; ({E} c)',
    f'for i in a b c; do [ $i = z ] && continue; {E} $i; done',
    f'{E} a#b # c',
    f"{E} 'a'\"'\"'b' a\\'b \"it's\"",
    f'X="--a  --b"; {E} $X"c" "d"$X',
    f'x=1 y=2; {E} $x$y/$x:$y',
    f'exec {E} a; {E} b',
    f'true && {E} a || {E} b; false || {E} c',
    f'{E} ${{Q:-d}} ${{Q:=e}} $Q',
    f'IMG=a; TAG=b; {E} --destination=$IMG/$TAG:$IMG -d "$IMG:${{TAG}}-x"',
    f'trap "{E} last" EXIT; {E} first',
    f'while :; do {E} a; break; done; until false; do {E} b; exit 0; done; {E} c',
)
# dash and busybox sh split at other places or lack these.
BASH = (
    f'A=(a "b c"); A+=(d); {E} "${{A[@]}}" ${{A[0]}} "${{A[*]}}"',
    f'for i in {{1..3}} x{{a,b}}; do {E} $i; done',
    f'{E} $\'a\\tb\\x41\\101\' $"c"',
    f'X=abc; {E} ${{X^^}} ${{X:1:1}} ${{X//b/d}} ${{X/c/}}',
    f'[[ a == a && -n b ]] && {E} "$((1 + 2))x"; ((1)) && {E} <<< a',
    f'declare -a A=(a b); {E} "${{A[@]:-}}"; function f {{ {E} "$@"; }}; f x y',
    f'bash <<< "{E} a"; echo <(true) >/dev/null; {E} b',
    f'(({E} a); {E} b)',
)


@pytest.mark.parametrize('shell', SHELLS, ids=lambda shell: shell[0])
@pytest.mark.parametrize('script', STRAIGHT)
def test_recorded_argv(tmp_path: Path, shell: tuple[str, ...], script: str) -> None:
    _compare(str(tmp_path), shell, script)


@pytest.mark.parametrize('script', BASH)
def test_recorded_argv_of_bash(tmp_path: Path, script: str) -> None:
    _compare(str(tmp_path), ('bash',), script)


def _compare(folder: str, shell: tuple[str, ...], script: str) -> None:
    recorded = _record(folder, shell, script)
    assert recorded
    met = trace([part(script)], None, _any_executor, NO_FILES.get)
    ours = [[word.text for word in each.build.argv] for each in met]
    for known in recorded:
        matching = [each for each in ours if _matches(each, known)]
        assert matching, (known, ours)
    assert _worst(script) >= len(recorded)


def _any_executor(
    argv: Sequence[Word], image: str | None, variable: Callable[[str], Word | None]
) -> Flags | None:
    """Whatever its arguments: what the stub records."""
    return Flags('off', False, ()) if argv[0].text == E else None


def _worst(script: str) -> int:
    return container_run([part(script)], None, _any_executor, NO_FILES.get).builds_in_worst_run


def _matches(ours: list[str], recorded: list[str]) -> bool:
    """Equal, but for words that we do not know and leave as written."""
    return len(ours) == len(recorded) and all(
        one == other or one[:1] in ('$', '`', '"') for one, other in zip(ours, recorded)
    )


class _Writer:
    """Random scripts with branches, loops and functions."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.builds = 0
        self.functions: list[str] = []

    def build(self) -> str:
        self.builds += 1
        return f'{E} -d b{self.builds}'

    def block(self, depth: int) -> str:
        return '\n'.join(self.statement(depth) for _ in range(self.random.randint(1, 3)))

    def test(self) -> str:
        name = self.random.choice('ABC')
        return self.random.choice(
            (
                f'[ "${name}" = x ]',
                f'[ "${name}" = y ]',
                f'[ "${name}" != x ]',
                f'[ -n "${name}" ]',
                f'[ -z "${name}" ]',
                'true',
                'false',
                self.build(),
                f'[ "${{{name}:-x}}" = x ]',
                f'[ "${{{name}%z}}" = y ]',
                f'[ -z "${{{name}+set}}" ]',
                '[ -f f1 ]',
                '[ ! -f f1 ]',
                'grep -q x f2',
                '! grep -q x f2',
            )
        )

    def statement(self, depth: int) -> str:
        kind = self.random.randrange(25 if depth < 3 else 7)
        block = self.block(depth + 1) if kind > 6 else ''
        if kind < 3:
            return self.build()
        if kind == 3:
            return self.random.choice(
                ('A=x', 'B=y', 'C=', 'echo x', ':', 'touch f1', 'rm -f f1', 'echo x > f2')
            )
        if kind == 4:
            return f'{self.test()} && {self.build()}'
        if kind == 5:
            return f'{self.test()} || {self.build()}'
        if kind == 6:
            return self.random.choice(
                (
                    f'{self.test()} && break',
                    f'{self.test()} && continue',
                    'exit 0',
                    f'{self.test()} && return',
                    *self.functions,
                    *self.functions,
                    f'{self.test()} && break 2',
                    f'{self.test()} && {{ {self.build()}; exit; }}',
                )
            )
        if kind < 11:
            return f'if {self.test()}; then\n{block}\nelse\n{self.block(depth + 1)}\nfi'
        if kind == 11:
            return f'if {self.test()}; then\n{block}\nelif {self.test()}; then {self.build()}\nfi'
        if kind == 12:
            name = self.random.choice('ABC')
            return f'case "${name}" in x) {block} ;;\n*) {self.block(depth + 1)} ;; esac'
        if kind < 15:
            return f'for i in 1 2; do\n{block}\ndone'
        if kind == 15:
            return f'n=0\nwhile [ "$n" -lt 2 ]; do\nn=$((n+1))\n{block}\ndone'
        if kind == 16:
            return f'( {block}\n)'
        if kind == 17:
            return f'{{ {block}\n}}'
        if kind == 18:
            return f"sh -c '{block}'" if "'" not in block else block
        if kind == 19:
            return (
                f'case "${self.random.choice("ABC")}" in x*) {block} ;; y) {self.build()} ;; esac'
            )
        if kind == 20:
            return f"trap '{self.build()}' EXIT\n{block}"
        if kind == 21:
            end = f'END{len(block)}'
            how = self.random.choice(('sh', 'cat > s.sh; sh s.sh', 'cat > s.sh; . ./s.sh'))
            first, _, then = how.partition('; ')
            return f"{first} <<'{end}'\n{block}\n{end}\n{then}"
        if kind == 22:
            return f'for A in x y; do\n{block}\ndone'
        if kind == 23:
            return f'printf "x\\ny\\n" | while read A; do\n{block}\ndone'
        name = f'f{len(self.functions)}'
        self.functions.append(name)
        return f'{name}() {{\n{block}\n}}\n{name}'


@pytest.mark.parametrize('seed', range(60))
def test_no_real_run_has_more_builds(tmp_path: Path, seed: int) -> None:
    writer = _Writer(seed)
    script = writer.block(0)
    worst = _worst(script)
    for index in range(6):
        environment = {name: writer.random.choice(('', 'x', 'y', 'z')) for name in 'ABC'}
        failing = ','.join(str(writer.random.randint(1, 6)) for _ in range(index))
        shell = SHELLS[index % 3]
        recorded = _record(str(tmp_path), shell, script, failing, environment)
        assert len(recorded) <= worst, (script, environment, failing, recorded)


def _shfmt(script: str) -> list[list[str]] | None:
    """The literal words of each call in shfmt's syntax tree, None if it has none."""
    beside = os.path.join(os.path.dirname(sys.executable), 'shfmt')
    program = beside if os.path.exists(beside) else shutil.which('shfmt') or 'shfmt'
    done = subprocess.run(
        [program, '--to-json', '-ln', 'bash'], input=script, capture_output=True, text=True
    )
    if done.returncode:
        return None
    found: list[tuple[int, list[str]]] = []
    stack: list[object] = [json.loads(done.stdout)]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, dict):
            if node.get('Type') == 'CallExpr' and node.get('Args'):
                found.append(
                    (
                        node['Args'][0]['Pos']['Offset'],
                        [_literal(each['Parts']) for each in node['Args']],
                    )
                )
            stack.extend(node.values())
    return [words for _, words in sorted(found)]


def _literal(parts: list[dict[str, object]]) -> str:
    """The literal of a word of one part, `?` for any other word."""
    only = parts[0] if len(parts) == 1 else {}
    value = str(only.get('Value', '?'))
    return value if only.get('Type') == 'Lit' and '\\' not in value else '?'


def _calls(script: str) -> list[list[str]]:
    """The same from our tree."""
    found: list[tuple[int, list[str]]] = []
    stack: list[object] = [parse(script).body]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Statement):
            node = node.pipelines
        if isinstance(node, tree.Simple) and node.words:
            words = [_text(word) for word in node.words]
            if words[0] not in DECLARATIONS:
                found.append((node.words[0].start, words))
        if isinstance(node, tree.Redirection) and node.heredoc:
            stack.append(node.heredoc.body)
        if isinstance(node, tuple):
            stack.extend(node)
    return [words for _, words in sorted(found)]


def _text(word: tree.Word) -> str:
    piece = word.pieces[0] if len(word.pieces) == 1 else None
    if not isinstance(piece, tree.Text) or piece.quoted or '(' in piece.value:
        return '?'
    return piece.value


def _case_scripts() -> list[str]:
    folder = os.path.join(os.path.dirname(__file__), 'cases', 'shell')
    found: list[str] = []
    for name in ('shell-cases.json', 'shell-hard.json', 'shell-practice.json'):
        with open(os.path.join(folder, name), encoding='utf-8') as stream:
            found += [case['script'] for case in json.load(stream)]
    # shfmt goes on after a comment between continued lines, which no shell does.
    return [each for each in found if '  # --cache' not in each]


def test_same_commands_as_shfmt() -> None:
    scripts = [*_case_scripts(), *STRAIGHT, *BASH]
    # Backquotes with escapes are read when they run.
    scripts = [each for each in scripts if '\\\n  # comment' not in each and '\\`' not in each]
    scripts += [_Writer(seed).block(0) for seed in range(30)]
    compared = 0
    for script in scripts:
        theirs = _shfmt(script)
        if theirs is not None:
            assert _calls(script) == theirs, script
            compared += 1
    assert compared > 80
