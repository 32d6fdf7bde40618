"""What commands take over from variables, and what they change in them."""

from __future__ import annotations

import pytest

from kaniko_hooks.fix.refusal import Refusal
from kaniko_hooks.fix.script.effects import Effects, effects
from kaniko_hooks.old_shell.syntax.parser import parse
from kaniko_hooks.old_shell.syntax.tree import Function


def found(text: str) -> Effects:
    body = parse(text).body
    commands = [each for one in body for pipeline in one.pipelines for each in pipeline.commands]
    return effects(body, {each.name: each for each in commands if isinstance(each, Function)})


@pytest.mark.parametrize(
    ('text', 'used'),
    (
        ('echo $a; a=1', 'a'),
        ('a=1; echo $a', ''),
        ('a=$b', 'b'),
        ('a+=1', 'a'),
        ('a=${a:-x}; echo $a', ''),
        ('a=${a-$1}', 'a 1'),
        ('a=${b:-x}', 'b'),
        ('b=1; a=${a:-$b}', 'a'),
        ('echo ${a:=x} $b', 'b'),
        ('echo $((a + $b))', 'a b'),
        ('(( a > 1 ))', 'a'),
        ('(a=1); echo $a', 'a'),
        ('{ a=1; }; echo $a', ''),
        ('a=1 | cat; echo $a', 'a'),
        ('x=$(a=1); echo $a', 'a'),
        ('read -r a; echo $a', ''),
        ('export a=1; echo $a', ''),
        ('a=1 make; echo $a', 'a'),
        ('for a in x y; do echo $a $b; done', 'b'),
        ('if [ "$a" ]; then b=1; fi; echo $b', 'a b'),
        ('if [ 1 ]; then b=1; echo $b; elif [ 2 ]; then b=2; else b=3; fi; echo $b', ''),
        ('if [ 1 ]; then b=1; else exit 1; fi; echo $b', ''),
        ('if b=$(ls); then :; fi; echo $b', ''),
        ('case x in a) b=1 ;; c) b=2 ;; esac; echo $b', 'b'),
        ('case x in a) b=1 ;; *) b=2 ;; esac; echo $b', ''),
        ('for x in a "$y"; do b=1; done; echo $b', 'y'),
        ('for x in $y; do b=1; done; echo $b', 'b y'),
        ('while read a; do b=$a; done; echo $a $b', 'b'),
        ('[ -f x ] && a=1; echo $a', 'a'),
        ('[ -f x ] && a=1 && echo $a', ''),
        ('[ -f x ] && a=1 || a=2; echo $a', ''),
        ('[ -f x ] || a=2; echo $a', 'a'),
        ('ls || a=2; echo $a', 'a'),
        ('ls && a=2; echo $a', ''),
        ('ls || exit 1; a=1; echo $a', ''),
        ('exit; echo $a', ''),
        ('f() { if [ 1 ]; then return; fi; a=1; }; f; echo $a', 'a'),
        ('f() { if [ 1 ]; then a=2; return; fi; a=1; }; f; echo $a', ''),
        ('f() { exit; }; f; echo $a', ''),
        ('let a+=b', 'a b'),
        ('f() { echo $a; }', ''),
        ('f() { echo $a; }; f', 'a'),
        ('f() { echo $a; }; a=1 f', ''),
        ('f() { local a b=1; echo $a $b; }; f; echo $b', 'b'),
        ('f() { f; echo $a; }; f', 'a'),
    ),
)
def test_used(text: str, used: str) -> None:
    assert found(text).used == set(used.split())


@pytest.mark.parametrize(
    ('text', 'assigned', 'counted'),
    (
        ('a=1 b=2', 'a b', ''),
        ('echo $((a++)) $((--b)) $((c <<= 1)) $((d = 2))', 'a b c d', 'a b c d'),
        ('echo $((a == 1 || b <= 2 || c != 3))', '', ''),
        ('((a += 1))', 'a', 'a'),
        ('let a=1', 'a', 'a'),
        ('echo ${a:=1}', 'a', ''),
        ('(a=1)', '', ''),
        ('f() { local a=1; b=1; : $((a++)); }; f', 'b', ''),
        ('f() { declare a; a=1; }; a=2; f', 'a', ''),
        ('declare a=1', 'a', ''),
        ('f() { a=1; }; a=2 f', '', ''),
    ),
)
def test_assigned(text: str, assigned: str, counted: str) -> None:
    assert found(text).assigned == set(assigned.split())
    assert found(text).counted == set(counted.split())


@pytest.mark.parametrize(('text', 'sure'), (('a=1; if ls; then b=1; fi', 'a'), ('exit 1', '')))
def test_sure(text: str, sure: str) -> None:
    assert found(text).sure == set(sure.split())


def test_a_chain_of_functions_is_followed_so_far() -> None:
    chain = ''.join(f'f{each}() {{ f{each + 1}; }}\n' for each in range(30))
    assert found(f'{chain}f30() {{ echo $a; }}\nf0').used == set()


def test_calls_that_double_are_too_much() -> None:
    doubled = ''.join(f'f{each}() {{ f{each + 1}; f{each + 1}; }}\n' for each in range(18))
    with pytest.raises(Refusal, match='its script is too long'):
        found(f'{doubled}f0')
