from __future__ import annotations

import json
import os
import random

import pytest

from kaniko_hooks.old_shell.syntax import tree
from kaniko_hooks.old_shell.syntax.parser import parse
from tests.shell_sample import run
from tests.work import calls

CASES = os.path.join(os.path.dirname(__file__), 'cases', 'shell')
BITS = (
    *'`$(){}"\'\\\n;&|<># \t=[]!*',
    '$((',
    '((',
    '<<E\n',
    '${',
    '$(',
    'fi',
    'done',
    'esac',
    ' then ',
    ' do ',
    'case x in ',
    '[[ ',
    ' ]]',
    'if ',
    '$[[',
    '{{',
    '<<-',
    'for i in ',
    '"$@"',
    '${x:=',
    'eval ',
    'sh -c ',
    'f() { ',
    '|| ',
    '&& ',
    'local x=',
    'set -- ',
    'exit ',
    'break ',
)


def _scripts() -> list[str]:
    found: list[str] = []
    for name in ('shell-cases.json', 'shell-hard.json', 'shell-practice.json'):
        with open(os.path.join(CASES, name), encoding='utf-8') as stream:
            found += [case['script'] for case in json.load(stream)]
    return found


def _nodes(script: str) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    stack: list[object] = [parse(script).body]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Statement):
            assert 0 <= node.start <= node.end <= len(script)
            node = node.pipelines
        if isinstance(node, tuple):
            found.append(node)
            stack.extend(node)
    return found


@pytest.mark.parametrize(
    'script',
    (
        '',
        ' \n# comment',
        'a b | c && d || e & f; g',
        'if a; then b; elif c; then d; else e; fi > f',
        'case a in (b|c) d;; e) f;& *) g;;& esac',
        'for x in a b\ndo c; done',
        'for x\ndo c; done',
        'for x; do c; done',
        'for x in a; { b; }',
        'for ((i = 0; i < 3; i++)); do a; done',
        'while a; do b; done < c',
        'until a; do b; done',
        'select x in a; do b; done',
        'f() { a; }',
        'f ( )\n(a)',
        'function f { a; }',
        'function f() { a; }',
        '{ a; } 2>&1 >b',
        '[[ a && ( b || ! c ) && $x =~ ^(a|b c)$ && d < e ]]',
        '[[ a\n&& b ]]',
        '((i++, (j)))',
        'a <<A <<-"B" c\nx\nA\n\ty\n\tB\n',
        'a=(b c\n# d\n[e]=f) g+=h i[1]=j k',
        'local a=(b) c=d e',
        'a >&2 2>/dev/null {fd}<b <>c >|d &>e &>>f <<<g',
        '! a',
        'time -p a',
        'coproc N { a; }',
        'a |& b',
        'ls !(a|b) @(c)',
        'a$\'b\' $"c" `d` $(e) ${f#g} $((h)) <(i) >(j)',
        'a &&\n# b\nc',
        'echo $(case a in b) c;; esac)',
        'a \\\n b',
        'a\r\nb\r\n',
        'x=$(cat <<E\n)\nE\n)',
        'function a',
    ),
)
def test_no_problem(script: str) -> None:
    assert parse(script).problems == () or script == 'function a'


@pytest.mark.parametrize(
    ('script', 'offset', 'message'),
    (
        ('fi', 0, 'unexpected f'),
        ('a; )', 3, 'unexpected )'),
        ('a (b', 2, 'unexpected ('),
        ('a "b', 2, 'unclosed quote'),
        ("a 'b", 2, 'unclosed quote'),
        ("a $'b", 2, 'unclosed quote'),
        ('a `b', 2, 'unclosed backquote'),
        ('a $(b', 2, 'unclosed substitution'),
        ('(a', 2, 'missing )'),
        ('a ${b', 2, 'unclosed expansion'),
        ('a ${b:-c', 2, 'unclosed expansion'),
        ('if a', 4, 'missing then'),
        ('if a; then b', 12, 'missing fi'),
        ('{ a', 3, 'missing }'),
        ('for x in a', 10, 'missing do'),
        ('case a', 6, 'missing in'),
        ('case a in b', 11, 'missing )'),
        ('[[ a', 4, 'missing ]]'),
        ('[[ a =~ b', 9, 'missing ]]'),
        ('[[ a ; ]]', 5, 'missing ]]'),
        ('a <<E\nb', 6, 'heredoc without its E'),
        ('a >', 3, 'redirection without a target'),
        ('a=(b', 4, 'missing )'),
        ('a=(b ;)', 5, 'missing )'),
        ('f()', 3, 'function without a body'),
        ('ls +(a\n', 4, 'unclosed pattern'),
        ('case a in ;; esac', 10, 'missing )'),
    ),
)
def test_problem(script: str, offset: int, message: str) -> None:
    assert parse(script).problems[0] == (offset, message)


def test_spans_of_commands_and_words() -> None:
    script = 'A=1 /kaniko/executor  -d "a $b" >c && x'
    (statement,) = parse(script).body
    assert (statement.start, statement.end) == (0, len(script))
    command = statement.pipelines[0].commands[0]
    assert isinstance(command, tree.Simple)
    assert [script[word.start : word.end] for word in command.words] == [
        '/kaniko/executor',
        '-d',
        '"a $b"',
    ]
    assert script[command.start : command.end] == 'A=1 /kaniko/executor  -d "a $b" >c'
    assert [script[each.start : each.end] for each in command.redirections] == ['>c']


def test_spans_of_a_heredoc() -> None:
    script = 'cat <<E; b\ntext\nE\nc'
    first, _, last = parse(script).body
    command = first.pipelines[0].commands[0]
    assert isinstance(command, tree.Simple)
    heredoc = command.redirections[0].heredoc
    assert heredoc is not None
    assert script[heredoc.start : heredoc.end] == 'text\nE'
    assert script[last.start : last.end] == 'c'


@pytest.mark.parametrize('script', _scripts())
def test_spans_lie_inside_each_other(script: str) -> None:
    for node in _nodes(script):
        if not hasattr(node, 'start') or not hasattr(node, 'end'):
            continue
        assert 0 <= node.start <= node.end <= len(script)
        if isinstance(node, tree.Text) and len(node.value) == node.end - node.start:
            assert script[node.start : node.end] == node.value


@pytest.mark.parametrize('seed', range(8))
def test_mutations(seed: int) -> None:
    scripts = _scripts()
    chosen = random.Random(seed)
    for _ in range(150):
        script = chosen.choice(scripts)
        for _ in range(chosen.randint(1, 4)):
            at = chosen.randrange(len(script) + 1)
            if chosen.random() < 0.5:
                script = script[:at] + chosen.choice(BITS) + script[at:]
            elif chosen.random() < 0.5:
                script = script[:at] + script[at + chosen.randint(1, 5) :]
            else:
                other = chosen.choice(scripts)
                script = script[:at] + other[: chosen.randint(1, 80)] + script[at:]
        found = run(script, files={'x': '/kaniko/executor'})
        assert found.builds_in_worst_run >= 0
        assert (found.verdict == 'ok') is (found.builds_in_worst_run < 2), script


UNIT = 'if [ "$A" = x ]; then\n  B=1\n  /kaniko/executor -d "$B"\nelse\n  echo "$(date)" # c\nfi\n'


def _work(script: str) -> int:
    return calls(lambda: run(script))


def test_work_is_proportional_to_the_size() -> None:
    small = _work(UNIT * (20_000 // len(UNIT)))
    large = _work(UNIT * (160_000 // len(UNIT)))
    assert large < 8 * small * 1.2


@pytest.mark.parametrize(
    'unit',
    (
        '((',
        '((\n',
        '${a:-',
        '$(',
        '$(\n',
        '"',
        "'\n",
        '`a\n',
        '{{',
        '<<E ',
        'cat <<E\n',
        'case x in a)\n',
        'for a in b; do\n',
        '+(',
        'a=(\n',
        '\\',
        'f() {\n',
        '${x\n',
        '[[ ',
        '|',
        '&&\n',
        '{a,',
    ),
)
def test_hostile_text_ends_soon(unit: str) -> None:
    small, large = (_work(unit * (size // len(unit))) for size in (5_000, 20_000))
    assert large < 4 * small * 1.2
