from __future__ import annotations

import json
import os

import pytest

from kaniko_hooks.model import ARGV, MANY, Place, ScriptPart, Variable
from tests.shell_sample import argvs, count, lines, part, run, traced

E = '/kaniko/executor'
CASES = os.path.join(os.path.dirname(__file__), 'cases', 'shell')


def _cases(name: str) -> list[dict[str, object]]:
    with open(os.path.join(CASES, name), encoding='utf-8') as stream:
        loaded = json.load(stream)
    assert isinstance(loaded, list) and loaded
    return loaded


@pytest.mark.parametrize(
    'script',
    (
        pytest.param('', id='empty'),
        pytest.param('echo /kaniko/executor -d x', id='echo'),
        pytest.param('# /kaniko/executor -d x', id='comment'),
        pytest.param('cat <<EOF > f\n/kaniko/executor -d x\nEOF', id='heredoc text'),
        pytest.param('docker run gcr.io/kaniko-project/executor -d x', id='docker run'),
        pytest.param('kubectl exec pod -- /kaniko/executor -d x', id='kubectl exec'),
        pytest.param('/kaniko/executor version', id='version'),
        pytest.param('/kaniko/warmer --image x', id='warmer'),
        pytest.param('/kaniko/executor --cache true -d x', id='stray word'),
        pytest.param('build() { /kaniko/executor -d x; }', id='function never called'),
        pytest.param('exit 0\n/kaniko/executor -d x', id='after exit'),
        pytest.param('command -v /kaniko/executor', id='command -v'),
        pytest.param('for x in; do /kaniko/executor -d x; done', id='no words'),
        pytest.param('alias k', id='alias without a text'),
        pytest.param('executor --threads 4', id='another executor'),
        pytest.param("ssh host '/kaniko/executor -d x'", id='another host'),
        pytest.param('sh missing.sh', id='script not in the repository'),
        pytest.param('xargs', id='xargs without a command'),
        pytest.param('sudo -l /kaniko/executor', id='sudo -l'),
        pytest.param('$KANIKO -d x', id='unknown command'),
    ),
)
def test_no_build(script: str) -> None:
    found = run(script)
    assert (found.builds_in_worst_run, found.verdict, found.executions) == (0, 'ok', ())


@pytest.mark.parametrize('name', ('shell-cases.json', 'shell-hard.json', 'shell-practice.json'))
def test_cases(name: str) -> None:
    for case in _cases(name):
        script = case['script']
        assert isinstance(script, str)
        found = run(script)
        assert count(found) == case['max_builds_per_run'], script
        states = {each.build.flags.cache for each in found.executions}
        assert case.get('cached') in (None, bool(states - {'off'})), script
        assert case.get('argv_of_first') in (None, *argvs(script)[:1]), script


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        # Lists
        pytest.param(f'{E} -d a || exit 1', 1, id='or exit'),
        pytest.param(f'{E} -d a || true', 1, id='or true'),
        pytest.param(f'{E} -d a || {E} -d a', 2, id='retry'),
        pytest.param(f'{E} -d a || {{ sleep 1; {E} -d a; }} || exit 1', 2, id='retry in braces'),
        pytest.param(f'if ! {E} -d a; then exit 1; fi', 1, id='if not'),
        pytest.param(f'{E} -d a && exit 0\n{E} -d b', 2, id='exit after success'),
        pytest.param(f'[ -f x ] && {E} -d a; {E} -d b', 2, id='and list'),
        pytest.param(f'({E} -d a; exit 1); {E} -d b', 2, id='exit in a subshell'),
        pytest.param(f'{E} -d a; exit\n{E} -d b', 1, id='exit'),
        pytest.param(f'exec {E} -d a\n{E} -d b', 1, id='exec'),
        pytest.param(f'exec > log\n{E} -d b', 1, id='exec with redirections only'),
        pytest.param(f'(exec {E} -d a); {E} -d b', 2, id='exec in a subshell'),
        # Branches
        pytest.param(f'if a; then {E} -d a; elif b; then {E} -d b; else {E} -d c; fi', 1, id='if'),
        pytest.param(f'case $B in main) {E} -d a ;; *) {E} -d b ;; esac', 1, id='case'),
        pytest.param(f'case $B in a) {E} -d a ;& b) {E} -d b ;; esac', 2, id='case falls through'),
        pytest.param(f'if a; then exit 1; fi; {E} -d a', 1, id='exit in a branch'),
        pytest.param(f'if a; then {E} -d a; exit; fi; {E} -d b', 1, id='early exit'),
        # Loops
        pytest.param(f'for i in a; do {E} -d $i; done', 1, id='one word'),
        pytest.param(f'for i in a b; do for j in c d; do {E} -d $i$j; done; done', 4, id='nested'),
        pytest.param(f'for i in {{1..3}} x{{a,b}}; do {E} -d $i; done', 5, id='braces'),
        pytest.param(f'for f in */Dockerfile; do {E} -f $f; done', 'many', id='glob'),
        pytest.param(f'for f in "*"; do {E} -f $f; done', 1, id='quoted star'),
        pytest.param(f'for f in $(ls); do {E} -f $f; done', 'many', id='substitution'),
        pytest.param(f'for i in 1 2 3; do {E} -d x && break; done', 3, id='retry loop'),
        pytest.param(f'for i in 1 2 3; do {E} -d x; break; done', 1, id='break'),
        pytest.param(f'while true; do {E} -d x; break; done', 1, id='while with break'),
        pytest.param(
            f'for i in a b; do for j in a b; do {E}; break 2; done; done', 1, id='break 2'
        ),
        pytest.param(f'for i in a b; do continue; {E}; done', 0, id='continue'),
        pytest.param(
            f'for i in a b; do for j in a b; do {E}; continue 2; done; done', 2, id='continue 2'
        ),
        pytest.param(
            f'while :; do for j in a; do {E}; continue 2; done; done',
            'many',
            id='continue of an endless loop',
        ),
        pytest.param(f'until {E} -d x; do sleep 1; done', 'many', id='until'),
        pytest.param(f'for ((i=0;i<3;i++)); do {E} -d x; done', 'many', id='arithmetic for'),
        pytest.param(f'select x in a b; do {E} -d $x; done', 'many', id='select'),
        pytest.param(f'while read d; do A="$A -d $d"; done < f\n{E} $A', 1, id='loop of flags'),
        pytest.param(f'for d in $(cat f); do A+=" -d $d"; done; {E} $A', 1, id='loop appends'),
        # Functions
        pytest.param(
            f'f() {{ {E} -d "$1"; }}; for d in */Dockerfile; do f $d; done',
            'many',
            id='function in a loop',
        ),
        pytest.param(f'f() {{ return; {E}; }}; f', 0, id='return'),
        pytest.param(f'f() {{ {E} || f; }}; f', 'many', id='recursion'),
        pytest.param(f'f() {{ for x; do {E} -d $x; done; }}; f a b c', 3, id='for without words'),
        pytest.param(
            f'f() {{ for x in "$@"; do {E} -d $x; done; }}; f $UNKNOWN',
            'many',
            id='unknown arguments',
        ),
        pytest.param(f'f() {{ g; }}; g() {{ {E}; {E}; }}; f', 2, id='function defined later'),
        pytest.param(f'{E}() {{ echo; }}; {E} -d x', 0, id='function of that name'),
        pytest.param(f'f() {{ {E}; }}; unset -f f; f', 0, id='function forgotten'),
        # Guards
        pytest.param(
            f'if [ "$A" = x ]; then {E}; fi\nif [ "$A" = y ]; then {E}; fi',
            1,
            id='different literals',
        ),
        pytest.param(f'[ "$A" = x ] && {E}\n[ "$A" = y ] && {E} || true', 1, id='guard lists'),
        pytest.param(f'[ "$A" = x ] && {E}\n[ "$A" = x ] && {E}', 2, id='same literal'),
        pytest.param(f'[ "$A" = x ] && {E}\nA=y\n[ "$A" = y ] && {E}', 2, id='assigned between'),
        pytest.param(f'[ -n "$A" ] && {E}\n[ -z "$A" ] && {E}', 1, id='-n and -z'),
        pytest.param(f'[ "$A" = x ] && {E}\n[ "$A" != x ] && {E}', 1, id='= and !='),
        pytest.param(f'[ "$A" != x ] && {E}\n[ "$A" != y ] && {E}', 2, id='!= and !='),
        pytest.param(f'[[ $A == x ]] && {E}\n[[ ! $A == x ]] && {E}', 1, id='double brackets'),
        pytest.param(f'[[ $A == x* ]] && {E}\n[[ $A == xy ]] && {E}', 2, id='pattern'),
        pytest.param(f'test x = "$A" && {E}\ntest y = "${{A:-}}" && {E}', 1, id='test'),
        pytest.param(
            f'[ "${{{{ m.x }}}}" = a ] && {E}\n[ \'${{{{m.x}}}}\' = b ] && {E}',
            1,
            id='expressions of GitHub',
        ),
        pytest.param(
            f'if [ {{{{x}}}} = a ]; then {E}; fi; if [ {{{{x}}}} != a ]; then {E}; fi',
            1,
            id='expressions of Argo',
        ),
        pytest.param(
            f'[[ {{{{x}}}} == a* ]] && {E}\n[[ {{{{x}}}} != a* ]] && {E}',
            1,
            id='pattern of what CI puts in',
        ),
        pytest.param(
            f'[[ a == a* ]] && {E}\n[[ a != a* ]] && {E}', 2, id='pattern without a variable'
        ),
        pytest.param(
            f'if {{{{x}}}}; then {E}; fi; if ! {{{{x}}}}; then {E}; fi',
            1,
            id='an expression as a command',
        ),
        pytest.param(
            f'[ "$(params.a)" = b ] && {E}\n[ $(params["a"]) = b ] || {E}',
            2,
            id='parameters of Tekton, written in two ways',
        ),
        pytest.param(
            f'[ "$(params.a)" = b ] && {E}\n[ $(params.a) = b ] || {E}',
            1,
            id='parameters of Tekton',
        ),
        pytest.param(
            f'case $(params.a) in b) {E};; esac; [ "$(params.a)" = c ] && {E}',
            1,
            id='case of a parameter',
        ),
        pytest.param(f'[ "$(date)" = b ] && {E}\n[ "$(date)" = c ] && {E}', 2, id='a command'),
        pytest.param(
            f'[ "{{{{x}}}}" = a ] && {E}\n[ "{{{{y}}}}" = b ] && {E}', 2, id='two expressions'
        ),
        pytest.param(
            f'[ "$A" = "{{{{x}}}}" ] && {E}\n[ "$A" != "{{{{x}}}}" ] && {E}',
            1,
            id='a variable and an expression',
        ),
        pytest.param(
            f'[ a = a ] && {E}\n[ a = b ] && {E}\n[[ a = c ]] && {E}', 1, id='what CI put in'
        ),
        pytest.param(f'[ a = a ] && {E}\n[ b = b ] && {E}', 2, id='two that CI put in'),
        pytest.param(f'[ 1 -eq 1 ] && {E}\n[ 1 -eq 2 ] && {E}', 1, id='a number that CI put in'),
        pytest.param(f'[ "$A" ] && {E}\nif ! [ "$A" ]; then {E}; fi', 1, id='one word test'),
        pytest.param(f'[ "$A" = x ] && {E}\n[ "$B" = y ] && {E}', 2, id='two variables'),
        pytest.param(
            f'case "$A" in x|y) {E};; esac\nif [ "$A" = z ]; then {E}; fi', 1, id='case and if'
        ),
        pytest.param(
            f'case "$A" in x) {E};; *) {E}; esac\n[ "$A" = z ] && {E}', 2, id='case with a default'
        ),
        pytest.param(f'if [ "$A" = x ]; then {E}; else {E}; fi\n[ "$A" = y ] && {E}', 2, id='else'),
        pytest.param(f'[ "$A" = x ] && {E}\n{E}\n[ "$A" = y ] && {E}', 2, id='a build between'),
        # Nested execution
        pytest.param(f"xargs -I X sh -c '{E} -d X' < list", 'many', id='xargs -I'),
        pytest.param(f'find . -name D -exec {E} -f {{}} \\;', 'many', id='find ;'),
        pytest.param(f'find . -name D -exec {E} -f {{}} +', 1, id='find +'),
        pytest.param(f'sh <<EOF\n{E} -d a\n{E} -d b\nEOF', 2, id='heredoc into sh'),
        pytest.param(f'bash <<< "{E} -d a"', 1, id='here-string into bash'),
        pytest.param(f'cat <<EOF > f; {E} -d a\ntext\nEOF', 1, id='after a heredoc'),
        pytest.param(f'echo $({E}) <<EOF\n$({E})\nEOF', 2, id='substitution in a heredoc'),
        pytest.param(f'env A=b sudo -u root timeout 5m nice -n 3 {E} -d a', 1, id='wrappers'),
        pytest.param(f'time -p {E}; nohup {E} & command {E}; busybox sh -c {E}', 4, id='more'),
        pytest.param(f'C=\'{E} -d a\'\neval $C; $C; eval "$C -d b"', 3, id='command in a variable'),
        pytest.param(f"trap '{E} -d a' EXIT\n{E} -d b; exit 1", 2, id='trap'),
        pytest.param(f"alias k='{E} -d a'\nk -d b", 1, id='alias'),
        pytest.param(f"sh -c 'f() {{ {E}; }}; f; f'", 2, id='function in sh -c'),
        pytest.param(f'sh -c "{E} -d $X; {E} -d y"', 2, id='unknown text in sh -c'),
        pytest.param(f'eval "`echo {E}`"', 1, id='backquotes'),
        pytest.param(f'x=`echo \\`{E}\\``', 1, id='nested backquotes'),
        pytest.param(f'echo "$(({E}) 2>&1)"', 1, id='subshell in a substitution'),
        pytest.param(f'diff <({E} -d a) <({E} -d b)', 2, id='process substitution'),
        pytest.param(f'if exit 1; then {E}; elif a; then {E}; fi', 0, id='condition that exits'),
        pytest.param(
            f'f() {{ {"{ " * 30}{E};{" }" * 30}; }}\n{"{ " * 30}f;{" }" * 30}', 0, id='too deep'
        ),
        pytest.param(f'a | b && {E} | c || d', 1, id='pipes in a list'),
        pytest.param(f'[ a ] | [ b ] && {E}; if a | b; then {E}; fi', 2, id='pipe as a guard'),
        pytest.param(f'{E} -d a &\n{E} -d b &\nwait', 2, id='background'),
        pytest.param(f'A=({E}\n -d a) # c\n"${{A[@]}}"', 1, id='array of a command'),
        # Errors
        pytest.param(f'echo (\n{E} -d a', 1, id='parenthesis'),
        pytest.param(f'echo "\n{E} -d a', 1, id='unclosed quote'),
        pytest.param(f'if true; then\n{E} -d a', 1, id='unclosed if'),
        pytest.param(f'fi; done; }}; ;; {E} -d a', 1, id='stray words'),
        pytest.param(f'x=$(\n{E} -d a', 1, id='unclosed substitution'),
        pytest.param(f'{E} << parameters.x >>\n{E}', 2, id='CircleCI parameter'),
        pytest.param(f'${{{{ inputs.x }}}}; {{{{ x }}}}; {E}', 1, id='other templates'),
    ),
)
def test_builds(script: str, expected: int | str) -> None:
    assert count(run(script)) == expected


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param(f'{E} --cache=true', 'ok', id='one build'),
        pytest.param(f'{E} -d a; {E} -d b', 'uncached', id='uncached'),
        pytest.param(f'{E} --cache; {E} -d b', 'cached', id='one of two'),
        pytest.param(f'{E} --cache=$X; {E} -d b', 'maybe-cached', id='unknown'),
        pytest.param(
            f'X=false; while a; do X=true; unset Y; shift; done; {E} --cache=$X; {E}',
            'maybe-cached',
            id='set in a loop',
        ),
        pytest.param(
            f'X=true; while a; do X=true; X=1; done; {E} --cache=$X; {E}',
            'cached',
            id='set in a loop to what is the same',
        ),
        pytest.param(
            f'K={E}; for i in $L; do a $i && K="{E} --cache"; $K -d $i; done',
            'maybe-cached',
            id='command set in a loop',
        ),
        pytest.param(
            f'X=; for i in $L; do {E} $X $Y; Y[0]=x; X=; done; {E} $X',
            'maybe-cached',
            id='item set in a loop',
        ),
        pytest.param(
            f'X=false; for i in $L; do for X in $L; do {E} --cache=$X; done; done',
            'maybe-cached',
            id='set by an inner loop',
        ),
        pytest.param(
            f'A=(); for i in $L; do A=("${{A[@]}}" -d $i); done; {E} "${{A[@]}}"; {E}',
            'uncached',
            id='array that grows in a loop',
        ),
        pytest.param(
            f'for i in $L; do A=($i); done; {E} "${{A[@]}}"; {E}',
            'maybe-cached',
            id='array set in a loop',
        ),
        pytest.param(f'{E} $FLAGS; {E} -d b', 'maybe-cached', id='unknown words'),
        pytest.param(f'{E} -d $FLAGS; {E} --build-arg=$X', 'uncached', id='unknown values'),
        pytest.param(
            f'if a; then {E} --cache; else {E}; {E}; fi',
            'uncached',
            id='cached alone in its branch',
        ),
        pytest.param(f'if a; then C=a; else C=b; fi; {E} $C=x; {E} -c $C', 'ok', id='stray words'),
        pytest.param(
            f'if a; then C="-d a"; else C="-d b"; fi; {E} $C; {E} $C',
            'uncached',
            id='branches that agree on the cache',
        ),
        pytest.param(
            f'if a; then C=--cache; fi; {E} $C; {E}', 'maybe-cached', id='branches that disagree'
        ),
        pytest.param(f'X=true; {E} --cache=$X; {E}', 'cached', id='assignment'),
        pytest.param(f'X=true; (X=false); {E} --cache=$X; {E}', 'cached', id='subshell'),
        pytest.param(f'X=true; X=$(date); {E} --cache=$X; {E}', 'maybe-cached', id='overwritten'),
        pytest.param(f'{E} --cache=${{C:-true}}; {E}', 'cached', id='default'),
        pytest.param(f'{E} --cache=${{CI_C:-true}}; {E}', 'maybe-cached', id='default of CI_'),
    ),
)
def test_verdict(script: str, expected: str) -> None:
    assert run(script).verdict == expected


def test_shown_run_is_the_one_with_the_strongest_cache() -> None:
    found = run(f'if a; then {E} --cache; {E}; else {E}; {E}; {E}; fi')
    assert (found.builds_in_worst_run, found.verdict) == (3, 'cached')
    assert [each.times for each in found.executions] == [1, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param(f'for i in a b c; do\n{E} -d $i; done', [('loop', 0, 3)], id='loop'),
        pytest.param(f'while read i; do {E} -d $i; done', [('loop', 0, MANY)], id='many'),
        pytest.param(f'f() {{ {E}; }}\nf\nf', [('call', 26, 1), ('call', 28, 1)], id='calls'),
        pytest.param(f'f() {{ {E}; }}\nf', [], id='one call'),
        pytest.param(
            f'g() {{ {E}; }}\nf() {{ g\ng; }}\nf',
            [('call', 32, 1), ('call', 34, 1)],
            id='one call of two calls',
        ),
        pytest.param(
            f'g() {{ {E}; }}\nf() {{ g; }}\nf\nf',
            [('call', 37, 1), ('call', 39, 1)],
            id='two calls of one call',
        ),
        pytest.param(
            f'f() {{ {E}; }}\ng() {{ f; }}\nh() {{ f; }}\ng\nh',
            [('call', 48, 1), ('call', 50, 1)],
            id='two ways to one call',
        ),
        pytest.param(f'for i in 1 2; do {E} && break; done', [('retry', 0, 2)], id='retry'),
        pytest.param(
            f'for i in 1 2; do if {E}; then break; fi; done', [('retry', 0, 2)], id='retry with if'
        ),
        pytest.param(
            f'for i in 1 2; do {E} && {{ echo; exit 0; }}; done',
            [('retry', 0, 2)],
            id='retry with exit',
        ),
        pytest.param(
            f'for i in 1 2; do if a; then b; fi; {E}; done',
            [('loop', 0, 2)],
            id='loop with another if',
        ),
        pytest.param(f'until {E}; do sleep 1; done', [('retry', 0, MANY)], id='until'),
        pytest.param(f'ls | xargs -n 1 {E} -d', [('xargs', 5, MANY)], id='xargs'),
        pytest.param(f'find . -exec {E} -f {{}} \\;', [('find', 0, MANY)], id='find'),
    ),
)
def test_reasons(script: str, expected: list[tuple[str, int, int]]) -> None:
    (execution,) = run(script).executions
    reasons = [(each.kind, each.place.offset, each.times) for each in execution.reasons]
    assert reasons == expected


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param(f'if ! {E}; then ls; {E}; fi', [[], [28]], id='if not'),
        pytest.param(f'if {E}; then ls; else {E}; fi', [[], [35]], id='else'),
        pytest.param(
            f'if {E}; then ls; elif ls; then {E}; else {E}; fi', [[], [44], []], id='elif'
        ),
        pytest.param(f'if {E}; then {E}; fi', [[], []], id='after success'),
        pytest.param(f'if; then {E}; else {E}; fi', [[], []], id='no condition'),
        pytest.param(f'if ! {E}; then ls; else {E}; fi', [[], []], id='else after success'),
    ),
)
def test_retry_in_a_branch(script: str, expected: list[list[int]]) -> None:
    found = [each.reasons for each in run(script).executions]
    assert [[each.place.offset for each in reasons] for reasons in found] == expected


def test_retry_is_a_reason_of_the_second_build() -> None:
    first, second = run(f'{E} -d a || {E} -d a').executions
    assert first.reasons == ()
    assert [(each.kind, each.place.offset) for each in second.reasons] == [('retry', 25)]


def test_places_in_text_that_a_shell_gets() -> None:
    script = f"sh -c '\n{E} -d a\n{E} -d b'\nsh <<EOF\n{E} -d c\nEOF\n$X {E}"
    assert lines(run(script), script) == [2, 3, 5]


def test_place_of_a_wrapped_command() -> None:
    (execution,) = run(f'env A=1 {E} -d a  # x').executions
    assert (execution.build.place.offset, execution.build.end.offset) == (8, 29)


def test_commands_are_stripped_and_joined() -> None:
    found = run(part(f'  if a; then {E} -d a\n', f'fi; {E} -d b'))
    assert [each.build.place.offset for each in found.executions] == [13, 10_004]


FILES = {
    'build.sh': f'#!/bin/sh\n{E} -d "$1"\n',
    'ci/all.sh': 'cd "$(dirname "$0")"\n./one.sh a\nsh one.sh b\n',
    'ci/one.sh': f'{E} -d $1',
    'ci/lib.sh': f'build() {{ {E} -d "$1"; }}\nreturn\n{E}',
    'ci/root.sh': '"$(git rev-parse --show-toplevel)"/build.sh z',
    'ci/here.sh': 'D="$(cd "$(dirname "$0")" && pwd)"\n. "$D/lib.sh"\nbuild q',
    'ci/source.sh': '. "${BASH_SOURCE[0]%/*}/lib.sh"; build r',
    'ci/self.sh': f'case $1 in all) $0 a; sh "$0" b ;; *) {E} -d $1 ;; esac',
    'ci/again.sh': f'[ "$IN" ] || exec env IN=1 sh "$0" "$@"; {E}',
    'loop.sh': 'sh loop.sh; /kaniko/executor',
    'p.py': '#!/usr/bin/env python3\n/kaniko/executor',
    'env.sh': f'#!/usr/bin/env -S bash -e\n{E}',
}


@pytest.mark.parametrize(
    ('script', 'expected'),
    (
        pytest.param('sh build.sh a; ./build.sh b; bash -x ./build.sh c', 3, id='called'),
        pytest.param('sh ci/all.sh', 2, id='scripts call scripts'),
        pytest.param('cd ci && sh one.sh a; cd ..; sh build.sh a', 2, id='cd'),
        pytest.param(
            'cd ci; cd -; sh build.sh a; pushd ci; sh one.sh; popd; ./build.sh', 3, id='directories'
        ),
        pytest.param('cd $X; sh build.sh', 0, id='unknown directory'),
        pytest.param('cd; sh build.sh', 0, id='home'),
        pytest.param(
            'cd $X; sh $CI_PROJECT_DIR/build.sh; sh "${CI_PROJECT_DIR}/build.sh"',
            2,
            id='project directory',
        ),
        pytest.param('sh ../build.sh', 0, id='outside'),
        pytest.param(
            'sh /build.sh; sh "${CI_PROJECT_DIR}"build.sh; sh $X/build.sh', 0, id='absolute'
        ),
        pytest.param('. ci/lib.sh; build a; build b', 2, id='sourced functions'),
        pytest.param('sh ci/lib.sh; build a', 0, id='functions of a process'),
        pytest.param('sh loop.sh', 2, id='cycle'),
        pytest.param('sh ci/self.sh all', 2, id='calls itself'),
        pytest.param('sh ci/again.sh', 1, id='starts itself again'),
        pytest.param('export PATH="$CI_PROJECT_DIR/ci:$PATH"; one.sh a; b.sh; ls.sh', 1, id='PATH'),
        pytest.param(
            'PATH=$PATH:$PWD/ci; one.sh; PATH=/opt:$X/ci; one.sh; build.sh', 1, id='end of PATH'
        ),
        pytest.param(
            'cp build.sh /usr/local/bin/b; b x; install -m 755 ci/one.sh /bin; one.sh',
            2,
            id='copied into a folder of PATH',
        ),
        pytest.param(
            'cp build.sh /tmp/; sh /tmp/build.sh; ln -s build.sh c; ./c; mv ci/one.sh d; . ./d',
            3,
            id='copied',
        ),
        pytest.param(
            'cp build.sh; cp build.sh ci x; cp $X y; sh y; cp build.py z; sh z', 0, id='not copied'
        ),
        pytest.param('./p.py', 0, id='python'),
        pytest.param('./env.sh', 1, id='env -S'),
        pytest.param('sh < build.sh; cat build.sh | sh; cat build.sh | bash -s x', 3, id='stdin'),
        pytest.param('sh ci/root.sh; sh ci/here.sh; bash ci/source.sh', 3, id='own place'),
        pytest.param('$PWD/build.sh a; "$(pwd)"/build.sh', 2, id='working directory'),
        pytest.param('. ./missing.sh; source', 0, id='missing'),
    ),
)
def test_followed_scripts(script: str, expected: int) -> None:
    assert count(run(script, files=FILES)) == expected


def test_followed_script_has_its_own_places() -> None:
    found = run('sh ci/all.sh', files=FILES)
    (execution,) = found.executions
    assert execution.build.place.file == 'ci/one.sh'
    assert execution.times == 2
    assert [(each.kind, each.place) for each in execution.reasons] == [
        ('call', Place('ci/all.sh', 21)),
        ('call', Place('ci/all.sh', 35)),
    ]
    assert found.scripts == ('ci/all.sh', 'ci/one.sh')


@pytest.mark.parametrize(
    ('parts', 'expected'),
    (
        pytest.param([part(E), part(E)], 2, id='steps'),
        pytest.param([part(f'{E}; exit 1'), part(E)], 1, id='failed step'),
        pytest.param([part(f'{E}; exit 1'), part(E, always=True)], 2, id='always'),
        pytest.param([part(f'{E}; exit 0'), part(E)], 2, id='step that exits with 0'),
        pytest.param([part(f'{E}; exit $?'), part(E)], 2, id='unknown status'),
        pytest.param([part(f'a || exit 3; {E}'), part(E, always=True)], 2, id='perhaps failed'),
        pytest.param([part(E, shell='python')], 0, id='python'),
        pytest.param([part('#!/usr/bin/python\n' + E)], 0, id='shebang'),
        pytest.param([part()], 0, id='no commands'),
        pytest.param([part(E, '-d', 'a', form='argv')], 1, id='argv'),
        pytest.param([part('sh', '-c', f'{E}; {E}', form='argv')], 2, id='argv of a shell'),
        pytest.param([part('-d', 'a', form='arguments')], 0, id='arguments for an unknown image'),
    ),
)
def test_parts(parts: list[ScriptPart], expected: int) -> None:
    assert count(run(*parts)) == expected


@pytest.mark.parametrize(
    ('script', 'arguments', 'expected'),
    (
        pytest.param(f'for i; do {E} -d $i; done', (), 0, id='none'),
        pytest.param(f'for i in "$@"; do {E} -d $i; done', ('a', '$(params.b)'), 2, id='two'),
        pytest.param(f'for i in "$@"; do {E} -d $i; done', ('$(params.b[*])',), 'many', id='array'),
        pytest.param(f'{E} -d $1\nshift\n{E} -d $1', ('a', 'b'), 2, id='shift'),
    ),
)
def test_arguments_of_a_script(
    script: str, arguments: tuple[str, ...], expected: int | str
) -> None:
    assert count(run(part(script, arguments=arguments))) == expected


@pytest.mark.parametrize(
    ('words', 'expected'),
    (
        pytest.param(('--destination=a', '$(params.x)'), 'off', id='one word'),
        pytest.param(('--destination=a', '$(params.x[*])'), 'unknown', id='array'),
        pytest.param(('$(params["x"][*])', '--cache=true'), 'on', id='array first'),
    ),
)
def test_tekton_arrays_in_an_argv(words: tuple[str, ...], expected: str) -> None:
    (execution,) = run(part(E, *words, form=ARGV)).executions
    assert execution.build.flags.cache == expected


def test_arguments_of_a_kaniko_image() -> None:
    found = run(
        part('--cache=$(CACHE)', '-d=${{ x }}', '', form='arguments', variables={'CACHE': 'true'}),
        image='gcr.io/kaniko-project/executor:v1',
    )
    (execution,) = found.executions
    assert execution.build.flags.cache == 'on'
    assert execution.build.flags.destinations == ('${{ x }}',)
    assert found.used_image


@pytest.mark.parametrize(
    ('scripts', 'expected'),
    (
        pytest.param(f'{E} --cleanup; {E}', True, id='first'),
        pytest.param(f'{E}; {E} --cleanup', False, id='last'),
        pytest.param(f'{E} --cleanup; {E}; {E}', False, id='not the second'),
        pytest.param(f'for i in a b; do {E} --cleanup; done', True, id='loop'),
        pytest.param(f'while a; do {E} --cleanup; done', True, id='any number'),
        pytest.param(f'while a; do {E}; done', False, id='any number without'),
    ),
)
def test_clean_between(scripts: str, expected: bool) -> None:
    assert run(scripts).clean_between is expected


@pytest.mark.parametrize(
    ('setting', 'expected'),
    (
        pytest.param('', False, id='unset'),
        pytest.param('export KANIKO_CLEANUP=1', True, id='set'),
        pytest.param('KANIKO_CLEANUP=$(x)', False, id='unknown'),
        pytest.param('read KANIKO_CLEANUP', False, id='read'),
    ),
)
def test_clean_by_environment(setting: str, expected: bool) -> None:
    found = run(f'{setting}\n{E}; {E}', image='ghcr.io/osscontainertools/kaniko:v1.28.3')
    assert found.clean_between is expected


def test_destinations_of_all_iterations() -> None:
    (execution,) = run(f'for i in {{1..250}}; do {E} -d $i; done').executions
    assert execution.times == 250
    assert execution.build.flags.destinations[:2] == ('1', '2')


def test_used_variables() -> None:
    variables = {'FLAGS': '--cache', 'OTHER': 'x', 'UNUSED': 'y'}
    found = run(f'echo $UNUSED; {E} $FLAGS -d $OTHER', variables=variables)
    assert found.used_variables == {'FLAGS', 'OTHER'}


def test_variables_inside_variables_are_used() -> None:
    variables = {
        'A': Variable(('$B ${NONE}',), expand=True),
        'B': Variable(('--cache',)),
        'C': Variable(('x', 'y')),
    }
    found = run(part(f'{E} $A; {E} $C')._replace(variables=variables))
    assert found.used_variables == {'A', 'B', 'C'}
    assert found.executions[0].build.flags.cache == 'unknown'


def test_trace_has_the_state_of_each_build() -> None:
    first, second = traced(f'A=1; cd x; {E} -d $A; A=$(date); cd $B; B=(1); {E} -d $A')
    assert first.variables['A'] is not None and first.variables['A'].text == '1'
    assert first.directory == 'x'
    unknown = second.variables['A']
    assert unknown is not None and not unknown.known
    assert (second.variables['B'], second.directory) == (None, None)
