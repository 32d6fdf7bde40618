from __future__ import annotations

import pytest

from kaniko_hooks.model import Variable
from kaniko_hooks.old_shell.expansion.expand import expand
from kaniko_hooks.old_shell.values import Bit, Field, shown
from tests.shell_sample import argvs, count, run

E = '/kaniko/executor'
LONG = 'x' * 5000


def _options(script: str, variables: dict[str, str] | None = None) -> list[str]:
    """The words after the first of the last build."""
    return argvs(script, variables)[-1][1:]


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param(f'{E} -d $A/$B/$C:$TAG', ['-d', '$A/$B/$C:$TAG'], id='unknown'),
        pytest.param(
            f'{E} -d "$(date +%s)" -f `x`', ['-d', '$(date +%s)', '-f', '`x`'], id='substitutions'
        ),
        pytest.param(f'{E} -d x$((1+$A))', ['-d', 'x$((1+$A))'], id='arithmetic'),
        pytest.param(f'{E} -d "a$" -f "$%"', ['-d', 'a$', '-f', '$%'], id='dollars'),
        pytest.param(f'{E} -d {{a', ['-d', '{a'], id='brace'),
        pytest.param(f'{E} -d {{{{a', ['-d', '{{a'], id='two braces'),
        pytest.param(f'{E} -d "{{{{a" -f \'{{b\'', ['-d', '{{a', '-f', '{b'], id='quoted braces'),
        pytest.param(f"{E} -d '${{{{ x }}}}y'", ['-d', '${{ x }}y'], id='template in quotes'),
        pytest.param(f"{E} -d ''", ['-d', ''], id='empty'),
        pytest.param(f'{E} -d ""', ['-d', ''], id='empty double'),
        pytest.param(f'{E} -d a\\', ['-d', 'a'], id='backslash at the end'),
        pytest.param(f'{E} -d "a\\\nb"', ['-d', 'ab'], id='continued in quotes'),
        pytest.param(f'{E} -d "a<b<<c"', ['-d', 'a<b<<c'], id='less than in quotes'),
        pytest.param(f"{E} -d $'a\\n\\'b\\u0041\\U110000\\q'", ['-d', "a\n'bA\\q"], id='ANSI C'),
        pytest.param(f'{E} -d $"a"', ['-d', 'a'], id='locale'),
        pytest.param(f'{E} -d ${{A.b}}', ['-d', '${A.b}'], id='bad expansion'),
        pytest.param(f'{E} -d "${{A:-a\'b"c d"}}" ', ['-d', "a'bc d"], id='quotes in a default'),
        pytest.param(f'{E} -d ${{A:-a>b<(x)}}', ['-d', 'a>b<(x)'], id='brackets in a default'),
        pytest.param(f'{E} -d ${{A:-${{B:-c}}}}', ['-d', 'c'], id='default in a default'),
        pytest.param(f'{E} -d ${{A:=b}} -f $A', ['-d', 'b', '-f', 'b'], id='assigned default'),
        pytest.param(f'A=x; {E} -d ${{A:-b}} -f ${{A:+c}}', ['-d', 'x', '-f', 'c'], id='set'),
        pytest.param(
            f'A=; {E} -d ${{A:-b}} -f "${{A-c}}" ${{A:+--cache}}',
            ['-d', 'b', '-f', ''],
            id='empty value',
        ),
        pytest.param(
            f'A=x; {E} -d ${{A:?gone}} -f ${{B?gone}}',
            ['-d', 'x', '-f', '${B?gone}'],
            id='error if unset',
        ),
        pytest.param(f'A=$(x); {E} -d ${{A:-b}}', ['-d', '$(x)'], id='unknown with a default'),
        pytest.param(f'read A; {E} -d ${{A:-b}}', ['-d', '${A:-b}'], id='read'),
        pytest.param(
            f'A=abc; {E} -d ${{#A}} -f ${{A:1}} -c ${{A:0:2}}',
            ['-d', '3', '-f', 'bc', '-c', 'ab'],
            id='length and slices',
        ),
        pytest.param(
            f'A=abc; {E} -d ${{A: -1}} -f ${{A^^[a]}} -c ${{A@Q}}',
            ['-d', '${A: -1}', '-f', '${A^^[a]}', '-c', '${A@Q}'],
            id='not understood',
        ),
        pytest.param(
            f'A=aBc; {E} -d ${{A^^}} -f ${{A,,}} -c ${{A^}}$A -b ${{A,}}',
            ['-d', 'ABC', '-f', 'abc', '-c', 'ABcaBc', '-b', 'aBc'],
            id='case',
        ),
        pytest.param(
            f'A=a/b/a; {E} -d ${{A/a/x}} -f ${{A//a/x}} -c ${{A/#a/x}} -b ${{A//[a]/x}}',
            ['-d', 'x/b/a', '-f', 'x/b/x', '-c', 'x/b/a', '-b', '${A//[a]/x}'],
            id='replaced',
        ),
        pytest.param(
            f'A=abab; {E} -d ${{A/#a*b/x}} -f ${{A/%?b/x}} -c ${{A/#b/x}} -b ${{A/%a/x}}',
            ['-d', 'x', '-f', 'abx', '-c', 'abab', '-b', 'abab'],
            id='replaced at an end',
        ),
        pytest.param(
            f'A=ab; {E} -d ${{A/#/x}} -f ${{A/%/x}} -c ${{A/#[a]/x}} -b ${{A//#/x}}',
            ['-d', 'xab', '-f', 'abx', '-c', '${A/#[a]/x}', '-b', '${A//#/x}'],
            id='put at an end',
        ),
        pytest.param(
            f'A=(a "b c"); {E} "${{A[@]/#/-d}}" ${{A[@]/%a/-f}} "${{A[@]#?}}"',
            None,
            id='each item with stray words',
        ),
        pytest.param(
            f'A=(a "b c"); {E} "${{A[@]/#/-d}}" -f "${{A[@]: -1}}" "${{A[@]/#$B/-d}}"',
            ['-da', '-db c', '-f', '${A[@]: -1}', '${A[@]/#$B/-d}'],
            id='each item',
        ),
        pytest.param(f'A=(a $B); {E} "${{A[@]/#/-d}}"', ['-da', '-d$B'], id='unknown items'),
        pytest.param(
            f'set -- a b; {E} -d $# -f "${{#}}"; shift', ['-d', '2', '-f', '2'], id='number'
        ),
        pytest.param(f'set -- a $b; {E} -d "$#"', ['-d', '$#'], id='number that is not told'),
        pytest.param(f'A=(-d $B); {E} "${{A[@]%x}}"', ['${A[@]%x}'], id='changed unknown items'),
        pytest.param(
            f'A=(x -d "b c" -f); {E} "${{A[@]:1:2}}" -c "${{@:0}}"',
            ['-d', 'b c', '-c', '${@:0}'],
            id='some items',
        ),
        pytest.param(
            f'A=a.b.c; {E} -d ${{A%.*}} -f ${{A%%.*}} -c ${{A#*.}} -b ${{A##*.}}',
            ['-d', 'a.b', '-f', 'a', '-c', 'b.c', '-b', 'c'],
            id='trimmed',
        ),
        pytest.param(
            f'A=abc; {E} -d ${{A%x}} -f ${{A#?}} -c ${{A#x}} -b ${{A%%[c]}}',
            ['-d', 'abc', '-f', 'bc', '-c', 'abc', '-b', '${A%%[c]}'],
            id='not trimmed',
        ),
        pytest.param(
            f'A=$B/c/d; {E} -d ${{A%/*}} -f ${{A##*/}} -c ${{A%x}}',
            ['-d', '$B/c', '-f', 'd', '-c', '${A%x}'],
            id='paths',
        ),
        pytest.param(
            f'A=$B; {E} -d ${{A%/*}} -f ${{#A}}',
            ['-d', '${A%/*}', '-f', '${#A}'],
            id='unknown path',
        ),
        pytest.param(
            f'N=A; A=x; {E} -d ${{!N}} -f ${{!M}} -c ${{!A}}',
            ['-d', 'x', '-f', '${!M}', '-c', '${!A}'],
            id='indirect',
        ),
        pytest.param(
            f'A=(a "b c"); {E} "${{A[@]}}" -d ${{A[1]}}x -f ${{A[5]}} -c ${{#A[@]}}',
            None,
            id='array with stray words',
        ),
        pytest.param(
            f'A=(--force -d "b c"); {E} "${{A[@]}}" -f $A',
            ['--force', '-d', 'b c', '-f', '--force'],
            id='array',
        ),
        pytest.param(
            f'A=(-d "b c"); {E} "${{A[@]}}" -f "${{A[1]}}" -b "${{A[7]}}"',
            ['-d', 'b c', '-f', 'b c', '-b', ''],
            id='items',
        ),
        pytest.param(
            f'A=(-d "b c"); {E} -f "${{A[*]}}" -b ${{A[i]}}x "${{A[@]:0}}"',
            ['-f', '-d b c', '-b', '${A[i]}x', '-d', 'b c'],
            id='all items',
        ),
        pytest.param(f'A=(-d x); A+=(-f y); A+=$B; {E} "${{A[@]}}"', ['${A[@]}'], id='array grows'),
        pytest.param(
            f'A=(-d x); A+=(-f y); {E} "${{A[@]}}"', ['-d', 'x', '-f', 'y'], id='appended'
        ),
        pytest.param(f'A=x; A+=y; {E} -d $A', ['-d', 'xy'], id='text grows'),
        pytest.param(
            f'A[0]=x; {E} -d ${{A[0]}} "${{B[@]}}"',
            ['-d', '${A[0]}', '${B[@]}'],
            id='item assigned',
        ),
        pytest.param(
            f'A=(-d $X); {E} "${{A[@]}}" -f ${{A[1]}}',
            ['-d', '$X', '-f', '${A[1]}'],
            id='array with unknown words',
        ),
        pytest.param(
            f'A=x; {E} -d ${{A[@]}} -f ${{A[0]}} -c ${{A[1]}}',
            ['-d', 'x', '-f', 'x', '-c', '${A[1]}'],
            id='scalar as an array',
        ),
        pytest.param(f'read A; {E} -d "${{A[@]}}"', ['-d', '${A[@]}'], id='unknown array'),
        pytest.param(
            f'f() {{ {E} -d "$*" -f $9; }}; f a "b c"', ['-d', 'a b c', '-f'], id='arguments'
        ),
        pytest.param(
            f'f() {{ {E} "$@" -d "x$@y"; }}; f --force -- ',
            ['--force', '--', '-d', 'x--force', '--y'],
            id='arguments inside a word',
        ),
        pytest.param(
            f'f() {{ {E} -d "$1" -f "$3"; }}; f $X b',
            ['-d', '$1', '-f', '$3'],
            id='unknown arguments',
        ),
        pytest.param(f'f() {{ shift $1; {E} -d "$1"; }}; f $X b', ['-d', '$1'], id='unknown shift'),
        pytest.param(
            f'f() {{ shift; {E} -d "$1"; }}; f $X b', ['-d', '$1'], id='shift of unknown words'
        ),
        pytest.param(f'f() {{ shift 2; {E} -d "$1"; }}; f a b c', ['-d', 'c'], id='shift 2'),
        pytest.param(f'f() {{ {E} "$@"; }}; f "" -d ""', ['', '-d', ''], id='empty arguments'),
        pytest.param(f'set -e -o pipefail -- -d x; {E} "$@"', ['-d', 'x'], id='set with options'),
        pytest.param(
            f'set -x; set +e; set -o pipefail; set; {E} "$@"', [], id='set of options only'
        ),
        pytest.param(f'set $X; {E} "$@"', ['$X'], id='set unknown'),
        pytest.param(
            f'if a; then set -- -d x; else set -- -f y; fi; {E} "$@" -c $1',
            ['-d', 'x', '-c', '-d'],
            id='arguments of branches',
        ),
        pytest.param(
            f'f() {{ {E} -d "$1"; }}; if a; then A=x; else A=y; fi; f $A',
            ['-d', 'x'],
            id='argument of branches',
        ),
        pytest.param(
            f'f() {{ local A; A=2; local A=3; }}; A=1; f; {E} -d $A', ['-d', '1'], id='local'
        ),
        pytest.param(f'export A=x B; declare -r C=y; {E} -d $A$C', ['-d', 'xy'], id='declarations'),
        pytest.param(f'A=1; unset A; {E} -d x$A', ['-d', 'x'], id='unset'),
        pytest.param(f"env A=b sh -c '{E} -d $A'", ['-d', 'b'], id='env'),
        pytest.param(f"env -u X -- sh -c '{E} -d x'", ['-d', 'x'], id='env with options'),
        pytest.param(f'A={LONG}; {E} -d $A', ['-d', LONG], id='long value'),
        pytest.param(
            'A=(a); ' + 'A+=("${A[@]}"); ' * 9 + f'{E} -d "${{A[@]}}"',
            ['-d', '${A[@]}'],
            id='array explosion',
        ),
        pytest.param(
            'A=a; ' + 'A+=$A; ' * 13 + f'{E} -d $A', ['-d', '$A$A'], id='append explosion'
        ),
        pytest.param(f'{E} -d {{1..9999}}', ['-d', '{1..9999}'], id='many words of braces'),
        pytest.param(
            f'{E} --label={{a,b}} --label={{c..b}}',
            ['--label=a', '--label=b', '--label=c', '--label=b'],
            id='braces',
        ),
        pytest.param(
            f'{E} -d{{"a b",\'c\',${{X}}{{d,}}}}e',
            ['-da be', '-dce', '-d${X}de', '-d${X}e'],
            id='quotes, variables and braces in braces',
        ),
        pytest.param(
            f'{E} {{,-f}} -d{{08..10}} -c{{{{a,b}},c',
            ['-f', '-d08', '-d09', '-d10', '-c{a,c', '-c{b,c'],
            id='empty words and numbers with zeros',
        ),
        pytest.param(
            f'{E} -d{{a..e..2}} -f{{1..$X}} -c}}{{a}}"{{,}}"',
            ['-da', '-dc', '-de', '-f{1..$X}', '-c}{a}{,}'],
            id='braces that stay',
        ),
        pytest.param(
            f'{E} -d{"{a," * 21}{"}" * 21} -f{"{" * 30}',
            [f'-d{"{a," * 21}{"}" * 21}', f'-f{"{" * 30}'],
            id='braces too deep',
        ),
        pytest.param(f'{E} --label="{{a,b}}"{{c}}', ['--label={a,b}{c}'], id='quoted braces'),
        pytest.param(
            f'{E} -d $(echo a b)x -f "$(printf c)" -c $(printf %s d) -b $(printf %d 1)',
            None,
            id='printed stray words',
        ),
        pytest.param(
            f'{E} -d $(echo -n a)x -f "$(printf c)" -c $(printf %s d) -b $(printf %d 1)',
            ['-d', 'ax', '-f', 'c', '-c', 'd', '-b', '1'],
            id='printed',
        ),
        pytest.param(
            f'{E} -d $(basename a/b) -f $(dirname a/b) -c $(dirname b) -b $(basename b)',
            ['-d', 'b', '-f', 'a', '-c', '.', '-b', 'b'],
            id='names of paths',
        ),
        pytest.param(
            f'{E} -d $(basename $X) -f $(realpath a) -c $(dirname) -b $(A=1 pwd)',
            ['-d', '$(basename $X)', '-f', 'a', '-c', '$(dirname)', '-b', '$(A=1 pwd)'],
            id='unknown paths',
        ),
        pytest.param(
            f'cd a; {E} -d $(pwd) -f $(cd b && pwd) -c $(cd $X && pwd) -b $(a; pwd)',
            [
                '-d',
                '$CI_PROJECT_DIR/a',
                '-f',
                '$CI_PROJECT_DIR/a/b',
                '-c',
                '$(cd $X && pwd)',
                '-b',
                '$(a; pwd)',
            ],
            id='directories',
        ),
        pytest.param(
            f'cd $X; {E} -d $(pwd) -f $(a && pwd) -c $((x) && pwd) -b $(cd && pwd)',
            ['-d', '$(pwd)', '-f', '$(a && pwd)', '-c', '$((x) && pwd)', '-b', '$(cd && pwd)'],
            id='unknown directories',
        ),
        pytest.param(f'printf "{E} -d a\\n" | sh', ['-d', 'a'], id='printf into sh'),
        pytest.param(f'printf "%s\\n" "{E} -d b" | sh', ['-d', 'b'], id='printf %s into sh'),
        pytest.param(f'cat | xargs {E} -d', ['-d', '$(cat)'], id='xargs of unknown words'),
        pytest.param(f'echo $X | xargs {E} -d', ['-d', '$X'], id='xargs of a variable'),
        pytest.param(f'ls | xargs -I% {E} -d a%b$X', ['-d', 'a%b$X'], id='xargs with a name'),
        pytest.param(f'ls | xargs -r -- {E} -d', ['-d', '$(cat)'], id='xargs with options'),
        pytest.param(f'cat - <<EOF | xargs {E} -d\na\nEOF', ['-d', 'a'], id='cat of a heredoc'),
        pytest.param(f'cat <<-"EOF" | sh\n\t{E} -d $X\n\t\tEOF', ['-d', '$X'], id='stripped tabs'),
        pytest.param(f'cat <<-EOF | sh\n\t{E} \\\n\t-d "$X" y\n\tEOF\n', None, id='tabs, stray'),
        pytest.param(
            f'cat <<-EOF | sh\n\techo "$X"\n\t{E} -d "a"\n\tEOF\n',
            ['-d', 'a'],
            id='stripped tabs and values',
        ),
        pytest.param(f'bash -O extglob -c "{E} -d a"', ['-d', 'a'], id='shell options'),
        pytest.param(
            f'bash --rcfile x -- -c; bash --norc -c "{E} -d a"',
            ['-d', 'a'],
            id='long shell options',
        ),
        pytest.param(f'trap "" EXIT; trap x INT; trap; {E} -d a', ['-d', 'a'], id='traps'),
        pytest.param(
            f'if a; then A=x; else A=y; fi; B=$A; {E} -d $B',
            ['-d', 'x'],
            id='copy of a value of branches',
        ),
        pytest.param(
            f'case x in a) A=1;; b) A=2;; c) A=3;; d) A=4;; e) A=5;; esac; {E} -d $A',
            ['-d', '$A'],
            id='too many branches',
        ),
        pytest.param(
            f'f() {{ {E} "$@" "$@"; }}; f --force ""',
            ['--force', '', '--force', ''],
            id='arguments twice, with an empty one',
        ),
        pytest.param(f'f() {{ {E} x$@ -d ; }}; f --a', None, id='stray first word'),
        pytest.param(
            f'{E} -d "$(($(echo 1) + 1))"',
            ['-d', '$(($(echo 1) + 1))'],
            id='substitution in arithmetic',
        ),
        pytest.param(
            f'cat a b | xargs {E} -d; printf | xargs {E} -f',
            ['-f', '$(cat)'],
            id='cat of two files',
        ),
        pytest.param(f'{E} -d $(x a && pwd)', ['-d', '$(x a && pwd)'], id='another list'),
        pytest.param(
            f'{E} -d x' + ' --force' * 400, ['-d x' + ' --force' * 400], id='very many words'
        ),
        pytest.param(
            f'if a; then set -- $X; else set -- a; fi; {E} -d "$1"',
            ['-d', '$1'],
            id='unknown arguments of a branch',
        ),
        pytest.param(
            f'if a; then set -- a; else set -- a b; fi; {E} -d "$2"',
            ['-d', ''],
            id='argument of one branch',
        ),
        pytest.param(
            f'if a; then A=x; else A=y; fi; {E} ${{A:+-d}} x',
            ['-d', 'x'],
            id='branches that agree on the words',
        ),
        pytest.param(f'set -- a ""; {E} -d $@', ['-d', 'a'], id='empty argument without quotes'),
        pytest.param(f'env A= sh -c \'{E} -d "$A"\'', ['-d', ''], id='env with an empty value'),
        pytest.param(f'read -r A; trap "$A" EXIT; {E} -d a', ['-d', 'a'], id='unknown trap'),
        pytest.param(f'for ((i\n{E} -d a', ['-d', 'a'], id='broken for'),
        pytest.param(f'cat <<"A" <<-B\nA\n\t$x\n\t\tB\n{E} -d a', ['-d', 'a'], id='empty heredoc'),
        pytest.param(f'sh <<-A\n\t{E} -d a\n\t\n\tA\n', ['-d', 'a'], id='line of tabs'),
        pytest.param(f'eval -- {E} -d a', ['-d', 'a'], id='eval --'),
        pytest.param(f"alias a=b 'k={E} -d'; k \"it's\"", ['-d', "it's"], id='alias'),
        pytest.param(
            f'if a; then C={E}; else C=echo; fi; $C -d a', ['-d', 'a'], id='command of branches'
        ),
    ),
)
def test_argv(script: str, expected: list[str] | None) -> None:
    if expected is None:
        assert argvs(script) == []
    else:
        assert _options(script) == expected


def test_ci_variables() -> None:
    variables = {'A': 'x y', 'B': 'z'}
    assert _options(f'{E} -d "$A"$B', variables) == ['-d', 'x yz']


@pytest.mark.parametrize(
    ('text', 'expected', 'known'),
    (
        ('plain', 'plain', True),
        ('', '', True),
        ('$A/${B}', 'a/b', True),
        ('$$A', '$A', True),
        ('$C', '${A}', True),
        ('$D', 'a', True),
        ('$E', '$E', False),
        ('$F', '$F', False),
        ('x$NONE', 'x$NONE', False),
        ('$LOOP', 'a$LOOP', False),
        ('$', '$', True),
    ),
)
def test_expand(text: str, expected: str, known: bool) -> None:
    variables = {
        'A': Variable(('a',)),
        'B': Variable(('b',)),
        'C': Variable(('${A}',)),
        'D': Variable(('$A',), expand=True),
        'E': Variable(('x', 'y')),
        'F': Variable(()),
        'LOOP': Variable(('$A$LOOP',), expand=True),
    }
    word = expand(text, variables)
    assert (word.text, word.known) == (expected, known)


def test_too_much_to_follow_is_many() -> None:
    script = (
        'f0() { '
        + E
        + '; }\n'
        + ''.join(
            f'f{level}() {{ f{level - 1}; f{level - 1}; f{level - 1}; }}\n'
            for level in range(1, 12)
        )
    )
    assert count(run(script + 'f11')) != 0


def test_values_do_not_explode() -> None:
    assert len(_options('A=a; ' + 'A=$A$A; ' * 60 + f'{E} -d $A')[1]) < 4000


def test_deep_nesting_ends() -> None:
    script = 'sh -c "$X' * 60
    assert run(script).verdict == 'ok'
    assert run('f() { ' * 200 + E).verdict == 'ok'
    assert run('((' * 500 + '${a:-' * 500).verdict == 'ok'


@pytest.mark.parametrize(
    ('one', 'other', 'masked'),
    (
        ('r/a', 'r/a', 'r/a'),
        ('r/a:latest', 'r/a:1', 'r/a:*'),
        ('r/a:latest', 'r/a:', 'r/a:*'),
        ('r/a:', 'r/a:latest', 'r/*'),
        ('r/dev/a:1', 'r/prod/a:1', 'r/*/a:1'),
        ('--cache=true', '--cache=false', '--cache=*'),
        ('r/a', 'r/a-debug', 'r/*'),
        ('a', 'b', '*'),
        ('', 'x', '*'),
    ),
)
def test_what_variants_have_in_common_is_known(one: str, other: str, masked: str) -> None:
    (found,) = shown(
        [[Field((Bit(each, True, 0, True, False),), False, 0, 9)] for each in (one, other)]
    )
    assert ''.join(each.text if each.known else '*' for each in found.fragments) == masked
    assert found.text == one
