from __future__ import annotations

import pytest

from tests.shell_sample import argvs, count, run

E = '/kaniko/executor'


@pytest.mark.parametrize(
    'script',
    (
        pytest.param(
            f'f() {{ {E}; }}; timeout 5 f; bash -c f; ls | xargs -n 1 f',
            id='programs see no functions',
        ),
        pytest.param(f'cat <<EOF > s.sh\n{E}\nEOF\nls', id='file that is not run'),
        pytest.param(f'echo {E} > s.py; python s.py', id='file for python'),
        pytest.param(f"printf '#!/usr/bin/python\\n{E}' > s; chmod +x s; ./s", id='shebang'),
        pytest.param(f'echo {E} > log | sh', id='output in a file'),
        pytest.param(f'echo {E} > s.sh; date > s.sh; sh s.sh', id='file written again'),
        pytest.param('su root -c; su; f() { ls; }; f | sh; date | sh; X=$(f)', id='nothing known'),
        pytest.param(
            'cat <<EOF > s.sh\nsh s.sh; sh s.sh\nEOF\nsh s.sh', id='file that runs itself'
        ),
        pytest.param(
            f'if false; then {E}; fi; true || {E}; false && {E}; while false; do {E}; done',
            id='never',
        ),
        pytest.param(
            f'until true; do {E}; done; if ! true; then {E}; elif :; then ls; else {E}; fi',
            id='not reached',
        ),
        pytest.param('A=(); for i in "${A[@]}"; do ' + E + '; done', id='empty array'),
        pytest.param(f'unset A; for i in "${{A[@]}}"; do {E}; done', id='no array'),
        pytest.param(f'for ((i=0; i<{"9" * 500}', id='arithmetic'),
    ),
)
def test_no_build(script: str) -> None:
    assert count(run(script)) == 0


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        # Wrappers
        pytest.param(
            f'env - A=b {E}; sudo -Eu root {E}; sudo -uroot {E}; env -iu X {E}',
            4,
            id='option clusters',
        ),
        pytest.param(
            f"su - root -c '{E}; {E}'; flock -n f -c '{E}'; script -qec {E}", 4, id='texts'
        ),
        pytest.param(f'env -S "{E} -d a"; gosu root {E}; chroot / {E}', 3, id='more wrappers'),
        pytest.param(
            f'proot -R "$r" -b "$PWD":/w -w /w -0 {E} "$@"; ssh-agent -t 5 sh -c {E}',
            2,
            id='proot and ssh-agent',
        ),
        pytest.param(f'eval $(ssh-agent -s); setarch x86_64 {E}; fakechroot {E}', 2, id='setarch'),
        pytest.param(
            f'env ${{C:+{E} -d a}}; env ${{C:+ls -l}}; nice -n 5 ${{D:+{E}}}',
            2,
            id='nothing to run, perhaps',
        ),
        pytest.param(f'ls | xargs -rn1 {E}', 'many', id='xargs -rn1'),
        pytest.param(f'ls | xargs -0I {{}} {E} -d {{}}', 'many', id='xargs -0I'),
        pytest.param(f'ls | xargs -rt --verbose -a f {E} -d', 1, id='xargs -rt'),
        pytest.param(f"find . -exec sh -c 'for f; do {E}; done' _ {{}} +", 'many', id='find +'),
        pytest.param(
            f'f() {{ {E}; }}; export -f f; export -f g; bash -c f', 1, id='exported function'
        ),
        pytest.param(
            f'a_b() {{ {E}; }}; a_c() {{ {E}; {E}; }}; b() {{ {E}; }}; a_$X; ""$X',
            2,
            id='one of some functions',
        ),
        pytest.param(
            f'a_b() {{ {E}; }}; c_b() {{ {E}; }}; ${{X}}_b; "$Y"_b',
            2,
            id='functions by the end of their names',
        ),
        pytest.param(
            f'a() {{ {E}; }}; for i in $LIST; do "a$i"; done',
            'many',
            id='functions that words name',
        ),
        # Text from elsewhere
        pytest.param(f"bash -s -- a b <<'EOF'\nfor i; do {E} -d $i; done\nEOF", 2, id='sh -s'),
        pytest.param(
            f'sh /dev/stdin <<< {E}; . /dev/stdin <<< "{E}; return; {E}"; echo {E} | sh -',
            3,
            id='/dev/stdin',
        ),
        pytest.param(
            f'cat <<EOF > s.sh\n#!/bin/sh\n{E}\nEOF\nchmod +x s.sh; ./s.sh; . ./s.sh',
            2,
            id='written file',
        ),
        pytest.param(
            f'echo {E} > /tmp/s; echo {E} >> /tmp/s; sh /tmp/s; cat /tmp/s | sh',
            4,
            id='file that grows',
        ),
        pytest.param(f'echo {E} | tee -a s.sh; sh s.sh', 1, id='tee'),
        pytest.param(
            f"sh -c 'echo {E} > s'; sh s; bash <<< 'echo {E} > t'; . t",
            2,
            id='written by another process',
        ),
        pytest.param(
            f'cat <<EOF > /usr/local/bin/k\n#!/bin/sh\n{E} -d a; {E}\nEOF\nk; k x',
            4,
            id='written into a folder of PATH',
        ),
        pytest.param(
            f'echo {E} --cache > /bin/kaniko; kaniko -d a; executor -d a',
            1,
            id='written under the name of the executor',
        ),
        pytest.param(
            f"printf 'echo {E} >s' > w.sh; chmod +x w.sh; ./w.sh; sh s; sh w.sh; sh s",
            2,
            id='written by a written file',
        ),
        pytest.param(
            f'{{ echo {E}; date; cat <<EOF; }} > s\n{E}\nEOF\nsh s', 2, id='group into a file'
        ),
        pytest.param(f'if a; then echo {E} > s; else echo {E} > s; fi; sh s', 1, id='either file'),
        pytest.param(f'f() {{ echo {E} -d $1; }}; f a | sh; $(f b)', 2, id="a function's output"),
        pytest.param(f'f() {{ g; }}; g() {{ echo {E}; }}; f | sh', 0, id='two functions'),
        pytest.param(f"(echo {E}; printf '%s\\n' {E} {E}) | tee log | sh", 3, id='group into sh'),
        pytest.param(f"echo -e '{E}\\n{E}' | (sh)", 2, id='echo -e'),
        pytest.param(f'eval "$(cat <<EOF\n{E}\n{E}\nEOF\n)"', 2, id='heredoc in a substitution'),
        pytest.param(
            f'bash <(echo {E}); source <(cat <<EOF\n{E}\nEOF\n); sh -c $(date)',
            2,
            id='process substitution',
        ),
        pytest.param(f'sh $(date) <(echo {E})', 0, id='substitution first'),
        pytest.param(
            f'f() {{ {"{ " * 30}echo {E};{" }" * 30}; }}\n{"{ " * 30}f | sh;{" }" * 30}',
            0,
            id='too deep',
        ),
        pytest.param(
            f'X=$(cat <<EOF\nEOF\n); echo "# {"x" * 50_000}" > s; sh s; {E} $X',
            1,
            id='empty and long texts',
        ),
        pytest.param(f'K=$(which {E}); $K; $(command -v {E}) -d x', 2, id='which'),
        # Words
        pytest.param(f'for i in {{1..10..3}} {{c..a}}; do {E}; done', 7, id='steps'),
        pytest.param('for i in ' + 'w ' * 400 + f'; do {E}; done', 400, id='many words'),
        pytest.param(f'for i in {{1..999999}}; do {E}; done', 1, id='too many words'),
        pytest.param(f'A=(*/); for i in "${{A[@]}}"; do {E}; done', 'many', id='glob in an array'),
        pytest.param(f'f() {{ for i; do {E}; done; }}; f */x', 'many', id='glob as an argument'),
        pytest.param(
            f'declare -a A; A+=(a); A+=(b); for i in ${{A[@]}}; do {E}; done',
            2,
            id='array that grows',
        ),
        pytest.param(
            f'A=(a b); for i in "${{!A[@]}}" ${{#A[@]}} "${{!B[@]}}"; do {E}; done',
            'many',
            id='indices',
        ),
        pytest.param(
            f'f() {{ local -n l=$1; for i in "${{l[@]}}"; do {E}; done; }}; A=(a b); f A; f B',
            'many',
            id='references',
        ),
        pytest.param(
            f'A=(a b); declare -n l=A; for i in "${{l[@]}}"; do {E}; done', 2, id='reference'
        ),
        pytest.param(
            f'A=(a b); B=A[@]; for i in "${{!B}}" "${{!C}}"; do {E}; done',
            3,
            id='items of a variable that another one names',
        ),
        pytest.param(
            f'B=A[@]; for i in "${{!B}}"; do {E}; done', 'many', id='items that are not told'
        ),
        pytest.param(f'A=([x]=1 [y]=2); for i in "${{!A[@]}}"; do {E}; done', 2, id='keys'),
        pytest.param(f'X=a,b; IFS=,; for i in $X; do {E}; done', 2, id='IFS'),
        pytest.param(f'X="a b"; IFS=; for i in $X; do {E}; done', 1, id='no IFS'),
        pytest.param(f'X="a b"; read IFS; for i in $X; do {E}; done', 'many', id='unknown IFS'),
        pytest.param(f'X="a b"; IFS=$Y; for i in $X; do {E}; done', 'many', id='IFS of a variable'),
        pytest.param(
            f'X="a b"; O=$IFS; IFS=,; IFS=$O; for i in $X; do {E}; done', 2, id='IFS again'
        ),
        pytest.param(
            f'for i in a b; do for j in c d; do {E}; break 9; done; {E}; done; {E}',
            2,
            id='more loops than there are',
        ),
        pytest.param(f'for i in a b; do {E}; continue 2; {E}; done; {E}', 3, id='two for one'),
        pytest.param(f'(f() {{ {E}; }}; trap f EXIT; {E}); f', 2, id='handler of a subshell'),
        pytest.param(
            f"sh -c 'f() {{ {E}; }}; trap f 0; exit'; trap ls EXIT; a | (trap {E} EXIT)",
            2,
            id='handlers of processes',
        ),
        pytest.param(
            f'cat <<EOF > s.sh\nf() {{ {E}; }}\ntrap f ERR\nEOF\nsh s.sh; ./s.sh; . ./s.sh',
            3,
            id='handler of a file',
        ),
        # Guards
        pytest.param(f'[ "$A" ] && {E}; [ "$A" ] || {E}', 1, id='or'),
        pytest.param(
            f'[ $A ] && [ $B = x ] && {E}; [ -f x ] && [ $A = "" ] && {E}', 1, id='two tests'
        ),
        pytest.param(f'[ $A = x ] && date && {E}; [ $A = y ] && {E}', 1, id='a command after'),
        pytest.param(
            f'if [ $A = x ] || [ $A = y ]; then {E}; fi; [[ $A == z ]] && {E}', 1, id='or list'
        ),
        pytest.param(
            f'if [ $A = x ] || [ $A != y ]; then {E}; fi; [[ $A == z ]] && {E}', 2, id='or not'
        ),
        pytest.param(f'if [ $A = x ] || date; then {E}; fi; [[ $A == z ]] && {E}', 2, id='or else'),
        pytest.param(f'if date || [ $A = x ]; then {E}; fi; [[ $A == z ]] && {E}', 2, id='else or'),
        pytest.param(f'[[ $A = x && $B = y ]] && {E}; [[ $A = z ]] && {E}', 1, id='and'),
        pytest.param(f'[ $A = x -o $A = y ] && {E}; [[ $A = z ]] && {E}', 1, id='-o'),
        pytest.param(f'[[ ($A = x) || $A = y ]] && {E}; [[ $A = z ]] && {E}', 2, id='parentheses'),
        pytest.param(f'[ x$A = xa ] && {E}; [ "x$A" = xb ] && {E}', 1, id='prefix'),
        pytest.param(f'[ "$A" = "$B" ] && {E}; [ "$A" != "$B" ] && {E}', 1, id='two variables'),
        pytest.param(f'[ "$A" = "$B" ] && {E}; [ "$A" = x ] && {E}', 2, id='variable and literal'),
        pytest.param(
            f'[ "$(a)" = "$B" ] && {E}; [ "$A" = "${{B%x}}" ] && {E}', 2, id='substitution'
        ),
        pytest.param(f'[ $A -eq 1 ] && {E}; [ $A -eq 2 ] && {E}', 1, id='numbers'),
        pytest.param(f'[ $A -gt 1 ] && {E}; [ $A -le 1 ] && {E}', 1, id='greater'),
        pytest.param(f'[[ $A =~ ^v ]] && {E}; [[ ! $A =~ ^v ]] && {E}', 1, id='pattern'),
        pytest.param(f'if $A; then {E}; fi; if ! $A; then {E}; fi', 1, id='command'),
        pytest.param(f'K={E}; $K && $K', 2, id='command that builds'),
        pytest.param(f'f() {{ [ $1 = a ] && {E}; [ $1 = b ] && {E}; }}; f $X', 1, id='argument'),
        pytest.param(
            f'[ "$A" = x ] && {E}; : ${{A:=y}}; [ "$A" = y ] && {E}', 2, id='default between'
        ),
        pytest.param(
            f'if [ -f x ]; then {E}; elif [ $A = x ]; then {E}; fi; [ $A = y ] && {E}',
            2,
            id='another test first',
        ),
        pytest.param(f'[ "$A" ] > f && {E}; "$A" x && {E}', 2, id='no test'),
        pytest.param(f'[[ ! ($A && $B) ]] && {E}; [[ $A ]] && {E}', 2, id='not all'),
        pytest.param(f'false || true && {E}; true && a && {E}', 2, id='constants'),
        pytest.param(
            f'[ $A = x ] && {E}; [ $A = y ] && {E}; [ $A != x ] && [ $A != y ] && {E}',
            1,
            id='neither of those before',
        ),
        pytest.param(
            f'if [ $A != x ] && [ $A = y ]; then {E}; fi; if [ $A = x ]; then {E}; fi',
            1,
            id='one and not another',
        ),
        pytest.param(
            f'if [ $A = y ] && [ $A != y ]; then {E}; fi; if [ $A = y ]; then {E}; fi',
            1,
            id='never',
        ),
        pytest.param(
            f'if [ $A = y ] && [ $A = y ]; then {E}; fi; if [ $A = y ]; then {E}; fi',
            2,
            id='the same twice',
        ),
        pytest.param(
            f'if [ $A != x ] && [ $B != x ]; then {E}; fi; if [ $A = y ]; then {E}; fi',
            2,
            id='not one, and another variable',
        ),
        pytest.param(f'[ "${{A:-x}}" = x ] && {E}; [ "${{A:-x}}" = y ] && {E}', 1, id='default'),
        pytest.param(
            f'[ "${{A:-x}}" = x ] && {E}; [ "${{A:-y}}" = y ] && {E}', 2, id='two defaults'
        ),
        pytest.param(f'[ -z "${{A+x}}" ] && {E}; [ -n "${{A+x}}" ] && {E}', 1, id='set or not'),
        pytest.param(f'[ ${{#A}} -eq 0 ] && {E}; [ ${{#A}} -ne 0 ] && {E}', 1, id='length'),
        pytest.param(
            f'case ${{A%%-*}} in x) {E};; esac; [ "${{A%%-*}}" = y ] && {E}',
            1,
            id='part of a value',
        ),
        pytest.param(
            f'[ "${{A%-*}}" = x ] && {E}; A=y-z; [ "${{A%-*}}" = y ] && {E}',
            2,
            id='part of another value',
        ),
        pytest.param(
            f'[ "${{A%$B}}" = x ] && {E}; [ "${{A%$B}}" = y ] && {E}', 2, id='part that is not told'
        ),
        pytest.param(f'[ "${{A:=x}}" = x ] && {E}; [ "${{A:=x}}" = y ] && {E}', 2, id='sets it'),
        pytest.param(
            f'case $A in v*|V*) {E};; esac; case $A in v*|V*) ;; *) {E};; esac', 1, id='patterns'
        ),
        pytest.param(
            f'case $A in v*) {E};; w) ;; *) ;; esac; [[ $A != v* ]] && {E}',
            1,
            id='pattern in a test',
        ),
        pytest.param(
            f'case $A in v*) {E};; x) {E}; {E};; esac; case $A in v*) ;; *) {E};; esac',
            3,
            id='pattern, and another arm',
        ),
        pytest.param(f'case $A in v*) {E};; esac; case $A in w*) {E};; esac', 2, id='two patterns'),
        pytest.param(
            f'case $A in x) ;; v*) {E};; esac; case $A in v*) ;; *) {E};; esac',
            1,
            id='pattern after another',
        ),
        pytest.param(
            f'[ $A = m ] && [ -z $B ] && {E}; [ $A != m ] && [ -z $B ] && {E}; [ $B ] && {E}',
            1,
            id='three of two variables',
        ),
        pytest.param(
            f'[ $A = x ] && {E}; [ $B = y ] && {E}; [ $A = z ] && {E}; [ $B ] || {E}',
            2,
            id='in between',
        ),
        pytest.param(
            f'[ $A = x ] && {E}; [ $B = y ] && {E}; B=; [ $A = z ] && {E}; [ $B ] || {E}',
            3,
            id='one changed',
        ),
        pytest.param(
            f'[ "$A-$B" = x-y ] && {E}; case $A-$B in x-z) {E};; esac', 1, id='two in a word'
        ),
        pytest.param(
            f'[ "$A-$B" = x-y ] && {E}; B=z; case $A-$B in x-z) {E};; esac',
            2,
            id='one of two changed',
        ),
        pytest.param(
            f'case x in x) {E};; esac; case x in y) {E};; esac; [ $A ]; [ $A ] && {E}',
            3,
            id='constant',
        ),
        pytest.param(
            ''.join(f'[ $A{i} = x ] && {E} -d {i}; [ $A{i} = y ] && {E};' for i in range(8)),
            8,
            id='many variables',
        ),
    ),
)
def test_builds(script: str, expected: int | str) -> None:
    assert count(run(script)) == expected


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param(f'{E} --$X', 'unknown', id='unknown flag'),
        pytest.param(f'{E} --ca$X=1', 'unknown', id='beginning of a flag'),
        pytest.param(f'{E} --no$X=1', 'off', id='beginning of another flag'),
        pytest.param(f'{E} --cache \\', 'on', id='continued at the end'),
        pytest.param(f'{E} "${{A[@]}}"', 'unknown', id='unknown array'),
        pytest.param(f'BUILD_A+=" --cache"; {E} $BUILD_A', 'on', id='after what is not known'),
        pytest.param(f'read A; A+=(--cache); {E} "${{A[@]}}"', 'on', id='item after others'),
        pytest.param(f'read A; A+=(-d x); {E} "${{A[@]}}"', 'unknown', id='items after others'),
        pytest.param(
            f'A=(x y); {E} --cache "${{A[@]/#/--label=$B:}}"', 'on', id='text before items'
        ),
        pytest.param(f'unset C; {E} --cache=${{C-true}}', 'on', id='unset'),
        pytest.param(f'C=; {E} ${{C+--cache}}', 'on', id='set and empty'),
        pytest.param(f': ${{C:=true}}; {E} --cache=$C', 'on', id='assigned by default'),
    ),
)
def test_cache(script: str, expected: str) -> None:
    assert run(script).executions[0].build.flags.cache == expected


def test_empty_variable_has_its_default() -> None:
    script = f'{E} --cache=${{C:-true}}'
    assert argvs(script, {'C': ''}) == [[E, '--cache=true']]


def test_text_beside_the_items_of_an_array() -> None:
    script = f'A=(-fa "-cb c"); {E} "${{A[@]/#/-d$X:}}" "${{A[@]/%/.x$X}}" "${{A[@]/#/-f }}"'
    assert argvs(script) == [
        [E, '-d$X:-fa', '-d$X:-cb c', '-fa.x$X', '-cb c.x$X', '-f -fa', '-f -cb c']
    ]


def test_count_of_an_array() -> None:
    assert argvs(f'A=(a b); {E} -d ${{#A[@]}}') == [[E, '-d', '2']]


@pytest.mark.parametrize('number', ('²', '٣', '9' * 300))
def test_numbers_that_no_shell_takes(number: str) -> None:
    script = (
        f'A=(a b); B=ab; C=0; (exit {number}); (shift {number}; {E} -d "${number}")\n'
        f'for i in a b; do break {number}; {E} {{1..{number}}}; done\n'
        f'{E} -d "${{A[{number}]}}" -c "${{B:{number}}}" -f "${{B:1:{number}}}" -b "${{{number}}}"'
    )
    assert count(run(script)) == 2


def test_large_numbers() -> None:
    number = '9' * 5_000
    assert count(run(f'shift {number}; for i in a; do break {number}; done; {E}')) == 1
    assert count(run(f'{E}; exit {number}; {E}')) == 1


def test_number_of_an_argument() -> None:
    assert count(run(f'f() {{ [ $1 -eq 2 ] && {E}; }}; f ²; f 2; f 3')) == 2
