"""What commands print, and what becomes of it: scripts, words and files."""

from __future__ import annotations

import pytest

from kaniko_hooks.model import Place
from tests.shell_sample import argvs, count, run

E = '/kaniko/executor'
FILES = {'a.sh': f'{E} -d a', 'b.sh': f'{E} -d b', 'flags': '--cache=true'}


@pytest.mark.parametrize(
    'script',
    (
        pytest.param(f'printf %s {E} | cat; printf -v X {E}; printf; printf -- {E}', id='not run'),
        pytest.param(f'printf -v X {E} | sh; printf "$F" {E} | sh', id='format not known'),
        pytest.param(f'printf "{E};{"x" * 2000}%s" {"x " * 250} | sh', id='much printed'),
        pytest.param(
            f'for i in a b; do echo {E}; done > f; for i in a b; do echo {E}; done | cat',
            id='printed in a loop',
        ),
        pytest.param(f'while a; do echo {E}; done | sh', id='printed as long as'),
        pytest.param(f'for i in {{1..200}}; do echo {E}; done | sh', id='many words'),
        pytest.param(f'f() {{ for i in a b; do echo {E}; done > f; }}; f | sh', id='into a file'),
        pytest.param(f'g() {{ {E}; }} | sh; [[ {E} ]] | sh', id='prints nothing'),
        pytest.param(
            'cat a.sh; eval "$(cat a.sh | grep x)"; eval "$(cat missing.sh)"; $(cat)',
            id='not run from files',
        ),
        pytest.param(
            'cat "$X" | sh; cat -n | sh; sh < "$X"; eval "$(cat "$X")"', id='unknown files'
        ),
        pytest.param('xargs sh < missing.sh; sh -c "$(< missing.sh)"', id='no file'),
    ),
)
def test_no_build(script: str) -> None:
    assert count(run(script, files=FILES)) == 0


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        # Text
        pytest.param(f"printf '{E} -d %s\\n' a b c | sh", 3, id='printf again and again'),
        pytest.param(f"printf '{E} -d %s -c %5s;' a b c | sh", 2, id='printf with two directives'),
        pytest.param(f"printf '%b' '{E}\\n{E}' | sh; printf '{E}\\n{E}' | sh", 4, id='line ends'),
        pytest.param(f"echo -e '\\t{E} \\-d x\\n{E}' | sh", 2, id='another escape'),
        pytest.param(
            f"printf '{E[:-1]}\\162' | sh; printf '%s' '/kani' 'ko/executor' | sh",
            2,
            id='put together',
        ),
        pytest.param(f"printf '{E} -d 100%%\\n' | sh", 1, id='percent'),
        pytest.param(f'for i in a b; do echo {E} -d $i; done | sh', 2, id='printed in a loop'),
        pytest.param(f'for i in *; do echo {E} -d $i; done | sh', 2, id='any number of words'),
        pytest.param(
            f'for i in $L; do echo {E} -d $i; done | parallel', 'many', id='any number of commands'
        ),
        pytest.param(
            f'for i in $(for j in $L; do echo $j; done); do {E} -d $i; done',
            'many',
            id='any number of printed words',
        ),
        pytest.param(
            f'for i in a b; do d=x/$i; echo "{E} $d"; export d; done > f; sh f',
            0,
            id='assigned in between',
        ),
        pytest.param(
            f'for i in a b; do d=x/$i; echo "{E} -d $d"; done > f; sh f', 2, id='assigned in a loop'
        ),
        pytest.param(
            f'f() {{ local k={E}; echo $k -d $1; }}; f a | sh; k=ls; f b | sh',
            2,
            id='local of what is printed',
        ),
        pytest.param(f'if a; then echo {E}; else echo {E}; fi | sh', 1, id='one branch'),
        pytest.param(f'{{ [ -f x ] && echo {E} || echo "{E}; {E}"; }} | sh', 1, id='one side'),
        pytest.param(
            f'{{ [ -f x ] || echo {E}; echo {E}; true && echo {E}; }} | sh',
            2,
            id='not the other side',
        ),
        pytest.param(f"cat > s <<'EOF'\n{E}\nEOF\nsh < s; cat s s | sh", 3, id='written file'),
        # Files
        pytest.param('cat a.sh b.sh | sh; cat a.sh - <<EOF | sh\nexit; ls\nEOF', 3, id='two files'),
        pytest.param(
            'cat b.sh a.sh > /tmp/s; echo exit >> /tmp/s; cat b.sh >> /tmp/s; sh /tmp/s',
            2,
            id='files put together',
        ),
        pytest.param(
            'eval "$(cat a.sh)"; sh -c "$(cat a.sh)"; bash <(cat b.sh); . <(cat b.sh)',
            4,
            id='substituted',
        ),
        pytest.param(
            'X=$(cat a.sh); eval "$X"; sudo sh -c "$(<b.sh)"; sh -c "`cat a.sh`"',
            3,
            id='more substitutions',
        ),
        pytest.param(
            '{ echo "set -e"; cat a.sh; echo exit; cat b.sh; } | sh', 1, id='text and files'
        ),
        pytest.param('cat a.sh | sh -s; sh < a.sh; cat < a.sh | sh', 3, id='read from files'),
        pytest.param(f'cat flags | xargs {E} -d x', 1, id='words from files'),
        # Statuses
        pytest.param(f'{E} && exit || exit 1; {E}', 1, id='exits either way'),
        pytest.param(f'a || exit 1 && {E} || exit; {E}', 2, id='exits if the first fails'),
        pytest.param(
            f'f() {{ {E} && return || return 1; {E}; }}; f; f', 2, id='returns either way'
        ),
        pytest.param(f'a && exit || {E}; {E}', 2, id='exits or builds'),
        pytest.param(
            f'f() {{ continue; {E}; }}; for i in a b; do f; done', 2, id='continue in a function'
        ),
    ),
)
def test_builds(script: str, expected: int | str) -> None:
    assert count(run(script, files=FILES)) == expected


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param(f'{E} $([ $X ] && echo --no-push || echo -d x) -c .', 'off', id='one of two'),
        pytest.param(f'{E} $(test $X && echo --no-push) -d x', 'off', id='or nothing'),
        pytest.param(f'{E} --cache=$([ $X ] && echo true || echo false)', 'unknown', id='value'),
        pytest.param(f'{E} --cache=$([ $X ] && echo false || echo 0)', 'off', id='two values'),
        pytest.param(
            f'{E} $(if a; then echo --force; elif b; then echo --cache; fi)',
            'unknown',
            id='one branch of three',
        ),
        pytest.param(f'{E} $(if [ $X ]; then echo --force; else echo -d y; fi)', 'off', id='if'),
        pytest.param(
            f'{E} $(case $X in a) echo --force ;; *) printf -- -dx ;; esac)', 'off', id='case'
        ),
        pytest.param(f'{E} $(for t in a b; do echo "-d x:$t"; done)', 'off', id='loop'),
        pytest.param(f'{E} $(while read t; do echo "-d x:$t"; done)', 'unknown', id='any number'),
        pytest.param(f'{E} $(echo -d x; date)', 'unknown', id='another command'),
        pytest.param(f'{E} $(echo -d x; {{ echo --force; }}; [[ 1 ]]) $(:)', 'off', id='list'),
        pytest.param(f'{E} $(echo -d x | tr x y) $(D=a; echo $D)', 'unknown', id='pipeline'),
        pytest.param(f'{E} $(printf "$F") -d x', 'unknown', id='unknown format'),
        pytest.param(f'{E} $({"{ " * 12}echo -d x;{" }" * 12})', 'unknown', id='deep'),
        pytest.param(f'{E} $(cat flags) -d x', 'unknown', id='file'),
    ),
)
def test_cache(script: str, expected: str) -> None:
    states = {each.build.flags.cache for each in run(script, files=FILES).executions}
    assert states == {expected}


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param(f'{E} $(printf "-d%s " a b)', ['-da', '-db'], id='words'),
        pytest.param(f'{E} -d "$(printf "%s\\n" a b)"', ['-d', 'a\nb'], id='lines'),
        pytest.param(f'{E} -d "$(printf "a%s\\n\\n" b)"', ['-d', 'ab'], id='line ends'),
        pytest.param(f'{E} -d $(printf %d%%%q 1 "$A")', ['-d', '1%$A'], id='directives'),
        pytest.param(f'{E} -d $(printf %s-%s a)', ['-d', 'a-'], id='too few arguments'),
        pytest.param(f'{E} -d "$(echo -n a; echo b)"', ['-d', 'ab'], id='echo -n'),
        pytest.param(f"{E} -d $'\\101\\x42'", ['-d', 'AB'], id='codes'),
        pytest.param(f'set -- a b; A=$@; {E} -d "$A"', ['-d', 'a b'], id='words in an assignment'),
        pytest.param(
            f'{E} -d "$(ls a; pwd)" -c "$(cd; ls)" -f "$(ls a | sort | tail)"',
            ['-d', '$(ls a; pwd)', '-c', '$(cd; ls)', '-f', '$(ls a | sort | tail)'],
            id='lists',
        ),
    ),
)
def test_argv(script: str, expected: list[str]) -> None:
    assert argvs(script) == [[E, *expected]]


def test_place_in_a_file_that_is_put_together() -> None:
    found = run('{ echo "set -e"; cat a.sh; } | sh', files=FILES)
    assert [each.build.place for each in found.executions] == [Place('a.sh', 0)]
    assert found.scripts == ('a.sh',)


def test_place_in_a_format() -> None:
    script = f"printf 'ls\\n{E} -d %s\\n' a | sh"
    found = run(script)
    assert [each.build.place.offset for each in found.executions] == [script.index(E)]
