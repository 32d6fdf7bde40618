"""Scripts and functions that are called with what tells which branch they take."""

from __future__ import annotations

import pytest

from tests.shell_sample import count, run

E = '/kaniko/executor'
ON = f'{E} --cache=true -d a'
OFF = f'{E} -d b'
DISPATCH = f'case "$1" in login) cp a b;; build|all) {ON};; *) exit 1;; esac'


@pytest.mark.parametrize(
    'script',
    (
        pytest.param('sh ci.sh login; sh ci.sh logout; sh ci.sh', id='case'),
        pytest.param(f'f() {{ if [ "$1" = push ]; then {E}; fi; }}; f; f x', id='if'),
        pytest.param(f'f() {{ [ "$1" = push ] && {E}; [ -z "$1" ] || {E}; }}; f ""', id='lists'),
        pytest.param(f'f() {{ while [ -n "$1" ]; do {E}; shift; done; }}; f', id='while'),
        pytest.param(f'f() {{ if [ $# -gt 1 ] || [ "$1" = a ]; then {E}; fi; }}; f b', id='number'),
        pytest.param(f'f() {{ if [[ $1 == a && -f x ]]; then {E}; fi; }}; f "b c"', id='brackets'),
        pytest.param(f'f() {{ if test "$1" = a -a -f x; then {E}; fi; }}; f b', id='-a'),
        pytest.param(f'f() {{ [ "$1" ] && {E}; }}; f ""', id='not empty'),
        pytest.param(f'f() {{ if ! [ "$1" != a ]; then {E}; fi; }}; f b', id='not'),
        pytest.param(f'f() {{ if [ ! "$1" = b ]; then {E}; fi; }}; f b', id='not inside'),
        pytest.param(f'f() {{ case $1 in *.yml) {E};; esac; }}; f a.txt', id='pattern'),
        pytest.param(f'f() {{ case ${{1:-none}} in all) {E};; esac; }}; f', id='default'),
        pytest.param(f'f() {{ local a="$1"; case $a in all) {E};; esac; }}; f one', id='variable'),
        pytest.param(f'f() {{ if [ "$1" = a ]; then return; fi; {E}; }}; f a', id='early return'),
        pytest.param(f'f() {{ if [ "$1" = a ]; then ls; else {E}; fi; }}; f a', id='else'),
        pytest.param(
            f'f() {{ if [ "$1" = b ]; then {E}; elif [ "$1" = a ]; then ls; else {E}; fi; }}; f a',
            id='elif',
        ),
    ),
)
def test_no_build(script: str) -> None:
    assert count(run(script, files={'ci.sh': DISPATCH})) == 0


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param('sh ci.sh login; sh ci.sh build', 1, id='one of two calls'),
        pytest.param('sh ci.sh build; sh ci.sh all', 2, id='both calls'),
        pytest.param('sh ci.sh "$A"; sh ci.sh build', 2, id='one is not known'),
        pytest.param('sh ci.sh $A build', 1, id='may be the first or the second'),
        pytest.param('f() { sh ci.sh "$@"; }; f login; f build', 1, id='handed on'),
        pytest.param('for i in login build; do sh ci.sh $i; done', 1, id='words of a loop'),
        pytest.param('. ./ci.sh build; . ./ci.sh login', 1, id='sourced'),
        pytest.param('set -- login; . ./ci.sh; set -- build; . ./ci.sh', 1, id='set'),
        pytest.param(
            f'f() {{ if [ "$1" = a ]; then {E}; fi; if [ "$1" != b ]; then {E}; fi; }}; f a',
            2,
            id='both hold',
        ),
        pytest.param(
            f'f() {{ if [ "$1" = a ] && [ -f x ]; then {E}; else {E}; {E}; fi; }}; f a',
            2,
            id='something else has to hold',
        ),
        pytest.param(
            f'f() {{ if [ "$1" = a ] || [ -f x ]; then {E}; else {E}; {E}; fi; }}; f a',
            1,
            id='one holds',
        ),
        pytest.param(
            f'f() {{ while [ $# -gt 0 ]; do case $1 in -a) {E};; -b) {E};; esac; shift; done; }}; '
            f'f -a -b',
            'many',
            id='shift in a loop',
        ),
        pytest.param(
            f'f() {{ for i in 1 2; do if [ "$1" = a ]; then {E}; fi; set -- a; done; }}; f b',
            1,
            id='set in a loop',
        ),
        pytest.param(
            f'f() {{ while ls; do if [ "$1" = a ]; then {E}; fi; set -- a; done; }}; f b',
            'many',
            id='set in a loop without words',
        ),
        pytest.param(
            f'f() {{ while ls; do if [ "$1" = a ]; then {E}; fi; set -e a; done; }}; f b',
            'many',
            id='set in a loop without dashes',
        ),
        pytest.param(
            f'f() {{ while ls; do set -eo pipefail; if [ "$1" = a ]; then {E}; fi; done; }}; '
            f'f b; {E}',
            1,
            id='options set in a loop',
        ),
        pytest.param(
            f'f() {{ while ls; do if [ $# = 0 ]; then {E}; fi; set --; done; }}; f b',
            'many',
            id='arguments unset in a loop',
        ),
        pytest.param(f'f() {{ a=$1; read a; [ "$a" = x ] && {E}; }}; f y', 1, id='read'),
        pytest.param(
            f'f() {{ a=$1; if ls; then a=x; fi; [ "$a" = x ] && {E}; }}; f y',
            1,
            id='set in a branch',
        ),
        pytest.param(f'f() {{ a=$1; ((a++)); [ $a = 2 ] && {E}; }}; f 1', 1, id='counted'),
        pytest.param(f'f() {{ a=$1; let a+=1; [ $a = 2 ] && {E}; }}; f 1', 1, id='let'),
        pytest.param(f'f() {{ a=$1; : $((--a)); [ $a = 0 ] && {E}; }}; f 1', 1, id='expansion'),
        pytest.param(f'f() {{ a=$1; b=$((a == 1)); [ $a = 0 ] && {E}; }}; f 1', 0, id='compared'),
        pytest.param(
            f'f() {{ a=$1; for ((a=0; a<3; a++)); do [ $a = 2 ] && {E}; done; }}; f 1',
            'many',
            id='counted in a loop',
        ),
        pytest.param(
            f'f() {{ a=$1; printf -v a %s 2; [ $a = 2 ] && {E}; }}; f 1', 1, id='printf -v'
        ),
        pytest.param(
            f'f() {{ a=$1; for ((;;)); do [ $a = 2 ] && {E}; ((a++)); done; }}; f 1',
            'many',
            id='counted behind the test',
        ),
        pytest.param(f'f() {{ a=$1; a+=x; [ "$a" = x ] && {E}; }}; f y', 1, id='appended to'),
        pytest.param(f'f() {{ [ $1 = x ] && {E}; }}; f "y z"', 1, id='not one word'),
        pytest.param(f'f() {{ [[ $1 == x* ]] && {E}; }}; f y', 1, id='pattern in brackets'),
        pytest.param(f'f() {{ case $1 in "y*"|[x]|$B) {E};; esac; }}; f y', 1, id='other patterns'),
        pytest.param(f'f() {{ case $1 in a) ls;& b) {E};; esac; }}; f a', 1, id='falls through'),
        pytest.param(
            f'f() {{ [ "$1" -lt 2 ] && {E}; [ "$1" -eq x ] && {E}; }}; f 3', 1, id='numbers'
        ),
        pytest.param(
            f'f() {{ [ "${{1-a}}" = b ] && {E}; [ "${{1:?}}" = b ] && {E}; }}; f a',
            2,
            id='other operators',
        ),
        pytest.param(f'f() {{ [ "$1" = a -a -f x -o -f y ] && {E}; }}; f b', 1, id='-a and -o'),
        pytest.param(f'f() {{ [ "$1" = b; ] && {E}; }}; f a', 1, id='no closing bracket'),
        pytest.param(f'f() {{ (( $1 )) && {E}; [ "$0" = a ] && {E}; }}; f 0', 2, id='other tests'),
        pytest.param(f'f() {{ if [ "$1" = b ] | cat; then {E}; fi; }}; f a', 1, id='pipeline'),
        pytest.param(
            f'f() {{ if ls; [ "$1" = b ]; then {E}; fi; }}; f a', 0, id='the last decides'
        ),
        pytest.param(f'f() {{ if ls; [ "$1" = b ] && ls; then {E}; fi; }}; f a', 1, id='two lists'),
    ),
)
def test_builds(script: str, expected: int | str) -> None:
    assert count(run(script, files={'ci.sh': DISPATCH})) == expected


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param(f'X=0; if [ $X = 1 ]; then {E}; fi; {E}', 1, id='number'),
        pytest.param(f'X=no; case $X in yes) {E}; {E};; no) {E};; esac', 1, id='case'),
        pytest.param(
            f'export X=false; if $X; then {E}; fi; $X && {E}; "$X" || {E}', 1, id='command'
        ),
        pytest.param(f'X=; [ -n "$X" ] && {E}; [ -z "$X" ] && {E}', 1, id='empty'),
        pytest.param(f'X=a; f() {{ [ "$X" = b ] && {E}; }}; f; X=b; f', 1, id='function'),
        pytest.param(f'X=a; (X=b); [ "$X" = b ] && {E}', 0, id='lost with its process'),
        pytest.param(f'for i in login build; do [ $i = build ] && {E}; done', 1, id='words'),
        pytest.param(f'for i in a b c; do [ $i = b ] && continue; {E}; done', 2, id='but one word'),
        pytest.param(
            f'for i in a b; do case $i in a) {E} -d a;; b) {E} -d b;; esac; done',
            2,
            id='one for each',
        ),
        pytest.param(f'f() {{ for i; do [ $i = a ] && {E}; done; }}; f a b', 1, id='own arguments'),
        pytest.param(f'A=(a b); for i in "${{A[@]}}"; do [ $i = a ] && {E}; done', 1, id='array'),
        pytest.param(
            f'for i in a b; do for j in 1 2; do [ $j = 2 ] && continue 2; {E}; done; done',
            2,
            id='nested',
        ),
        pytest.param(f'X=1; for i in a b; do [ $X = 1 ] && {E}; X=0; done', 1, id='first word'),
    ),
)
def test_what_the_script_sets_decides(script: str, expected: int) -> None:
    assert count(run(script)) == expected


@pytest.mark.parametrize(
    'script',
    (
        pytest.param(f'X=1; f() {{ ls && return; X=0; }}; f; [ $X = 1 ] && {E}', id='return'),
        pytest.param(
            f'X=1; for i in a b; do ls && break; X=0; done; [ $X = 1 ] && {E}', id='break'
        ),
        pytest.param(
            f'for i in a b; do X=1; ls && continue; X=0; done; [ $X = 1 ] && {E}', id='continue'
        ),
        pytest.param(f'if ls; then X=; fi; [ "$X" = 1 ] && {E}', id='emptied in a branch'),
        pytest.param(f'ls && X=; case $X in 1) {E};; esac', id='emptied, perhaps'),
        pytest.param(f'for i in $L; do X=; done; [ "$X" = 1 ] && {E}', id='emptied in a loop'),
        pytest.param(f'case $A in a) X=;; esac; [ $X ] && {E}', id='emptied in an arm'),
        pytest.param(f'X=0; cat f && X=1; [ $X = 0 ] && {E}', id='may fail'),
        pytest.param(f'X=0; . ./env; [ $X = 1 ] && {E}', id='file not seen'),
        pytest.param(f'X=0; . ./lib.sh; [ $X = 1 ] && {E}', id='file with a return'),
        pytest.param(f'X=0; source <(cat env); [ $X = 1 ] && {E}', id='output not seen'),
        pytest.param(f'X=0; eval "$A"; [ $X = 1 ] && {E}', id='eval'),
        pytest.param(f'X=0; export $(cat env); [ $X = 1 ] && {E}', id='export'),
        pytest.param(f'X=0; read $Y; [ $X = 1 ] && {E}', id='read'),
        pytest.param(f'X=0; $Y; [ $X = 1 ] && {E}', id='command not known'),
        pytest.param(f'X=0; trap "X=1" ERR; ls; [ $X = 1 ] && {E}', id='handler'),
        pytest.param(
            f'X=0; f() {{ X=1; }}; while ls; do [ $X = 1 ] && {E}; f; done', id='called in a loop'
        ),
        pytest.param(
            f'X=0; f() {{ X=1; g; }}; g() {{ X=0; f; }}; f; [ $X = 1 ] && {E}', id='recursion'
        ),
        pytest.param(f"X=0; trap '[ $X = 0 ] && {E}' EXIT; ls; X=1", id='earlier end'),
        pytest.param(
            f'if ls; then L=build; else L="a b"; fi; for i in $L; do [ $i = build ] && {E}; done',
            id='other words',
        ),
        pytest.param(
            f'X=0; f() {{ X=1; }}; {"f;" * 21_000} [ $X = 1 ] && {E}', id='too many calls'
        ),
    ),
)
def test_what_may_be_set_otherwise_does_not_decide(script: str) -> None:
    found = run(script, files={'lib.sh': 'X=1; ls && return; X=0'})
    assert found.builds_in_worst_run > 0


def test_values_from_elsewhere_do_not_decide() -> None:
    """A pipeline's variables may have other values when it runs; so may a file's."""
    script = f'X=a; . ./env; if [ "$X" = b ]; then {E}; fi; if [ "$Y" = b ]; then {E}; fi'
    assert count(run(script, variables={'Y': 'a'})) == 2


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param('f() { if [ "$1" = yes ]; then C=--cache; fi; }; f no', 'uncached', id='if'),
        pytest.param('f() { case $1 in yes) C=--cache;; esac; }; f no', 'uncached', id='case'),
        pytest.param('f() { case $1 in no) C=--cache;; esac; }; f no', 'cached', id='taken'),
        pytest.param('f() { if [ "$1" = yes ]; then D=1; fi; }; f no', 'maybe-cached', id='other'),
        pytest.param(
            'f() { if [ "$1" = yes ]; then C=-v; fi; }; C=--cache; f no', 'cached', id='set before'
        ),
    ),
)
def test_variables_of_branches_that_are_not_taken(script: str, expected: str) -> None:
    assert run(f'{script}; {E} $C; {E} $C').verdict == expected


@pytest.mark.parametrize(
    ('variables', 'expected'),
    (
        pytest.param({'C': 'false'}, 'uncached', id='the same'),
        pytest.param({'C': 'true'}, 'maybe-cached', id='another'),
        pytest.param({}, 'uncached', id='not set'),
    ),
)
def test_variable_of_the_pipeline_that_a_branch_sets(
    variables: dict[str, str], expected: str
) -> None:
    script = f'if ls; then C=false; fi; {E} --cache=$C -d a; {E} --cache=$C -d b'
    assert run(script, variables=variables).verdict == expected


@pytest.mark.parametrize(
    ('arms', 'expected'),
    (
        pytest.param('main) C=false;; *) C=false;;', 'uncached', id='the same in each'),
        pytest.param('main) C=false;; dev|*) C=true;;', 'maybe-cached', id='another'),
        pytest.param('main) C=false;; "*") C=false;;', 'maybe-cached', id='a quoted star'),
        pytest.param('main) C=false;;', 'maybe-cached', id='none may be taken'),
    ),
)
def test_case_that_takes_an_arm_for_every_word(arms: str, expected: str) -> None:
    script = f'case $B in {arms} esac; {E} --cache=$C -d a; {E} --cache=$C -d b'
    assert run(script, variables={'C': 'true'}).verdict == expected


def test_arguments_that_a_loop_adds_to() -> None:
    script = f'set -- -d a; while read -r b; do set -- "$@" -d $b; done; {E} "$@"; {E} "$@"'
    assert run(script).verdict == 'uncached'


@pytest.mark.parametrize('adds', ('A="-d $b $A"', 'A="$A -d $b"', 'A=(-d $b "${A[@]}")'))
def test_variable_that_a_loop_adds_to(adds: str) -> None:
    script = f'A="-d a"; while read -r b; do {adds}; done; {E} ${{A[@]}}; {E} ${{A[@]}}'
    assert run(script).verdict == 'uncached'


def test_cache_of_the_branch_that_is_taken() -> None:
    script = f'f() {{ if [ "$1" = yes ]; then {ON}; else {OFF}; fi; }}; f no; f no'
    found = run(script)
    assert count(found) == 2
    assert found.verdict == 'uncached'


@pytest.mark.parametrize(
    ('script', 'verdict', 'expected'),
    (
        pytest.param(
            f'f() {{ n=$1; shift; until "$@"; do ls; done; }}; f $N {E} -d a',
            'uncached',
            'many',
            id='retry as often as a variable says',
        ),
        pytest.param(
            f'f() {{ shift; shift 1; "$@"; "$@"; }}; f $A $B {E} -d a',
            'uncached',
            2,
            id='two of them',
        ),
        pytest.param(
            f'f() {{ shift; {E} -d a "$@"; }}; f $A; f $A', 'maybe-cached', 2, id='several words'
        ),
        pytest.param(
            f'f() {{ shift $n; "$@"; }}; f a {E}; {E}', 'ok', 1, id='by an unknown number'
        ),
        pytest.param(
            f'f() {{ "${{@:2}}"; "${{@:2:1}}"; }}; f $N {E} -d a', 'uncached', 2, id='slice'
        ),
        pytest.param(
            f'f() {{ {E} -d a "${{@:2}}"; }}; f $A; f $A',
            'maybe-cached',
            2,
            id='slice of several words',
        ),
        pytest.param(
            f'f() {{ {E} -d a "${{@:2:1}}"; }}; f --cache -v info; f a --force',
            'uncached',
            2,
            id='slice of known words',
        ),
    ),
)
def test_words_of_unknown_number_are_left_out(
    script: str, verdict: str, expected: int | str
) -> None:
    found = run(script)
    assert (found.verdict, count(found)) == (verdict, expected)
