"""Mutates case files by bytes, lines and words; the same seed gives the same inputs.

Few mutants of a YAML file are YAML, so scripts of the cases are mutated apart,
too, and written into a job that can be read.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

from tests.differential.writer import sample

CASES = Path(__file__).parent.parent / 'cases'

_WORDS = (
    b'&a',
    b'*a',
    b'<<: *a',
    b'- ',
    b'  ',
    b'\t',
    b'\n',
    b'\r\n',
    b'\r',
    b'\0',
    b'\xff',
    b'\xfe',
    b'\xef\xbb\xbf',
    b'\xc2\x85',
    b'\xe2\x80\xa8',
    b': ',
    b'#',
    b'|',
    b'>-',
    b'|2+',
    b'"',
    b"'",
    b'\\',
    b'{',
    b'}',
    b'[',
    b']',
    b',',
    b'?',
    b'!reference [a, script]',
    b'!!str',
    b'!!binary',
    b'---\n',
    b'...\n',
    b'%YAML 1.1\n',
    b'extends: a',
    b'include: a.yml',
    b'$[[ inputs.x ]]',
    b'${{ env.X }}',
    b'<< parameters.x >>',
    b'$(',
    b'`',
    b'${x:-',
    b'((',
    b'<<EOF\n',
    b'<<-E',
    b'&&',
    b'||',
    b';;',
    b'esac',
    b'case x in',
    b'if',
    b'fi',
    b'for x in a b; do',
    b'done',
    b'while',
    b'{ ',
    b'f() {',
    b'eval ',
    b'sh -c ',
    b'xargs ',
    b'/kaniko/executor --cache -d x\n',
    b'exit',
    b'return',
    b'break',
    b'set --',
    b'"$@"',
    b'${A[@]}',
    b'. ./x.sh',
    b'cd ..',
    b'# kaniko-hooks: ignore[',
    b'script:',
    b'\xf0\x9f\x98\x80',
    b'9' * 30,
    b'spec: {inputs: {x: {default: 1}}}\n---\n',
    b'parallel: {matrix: ',
)


def seeds() -> list[bytes]:
    """The bytes of every case file that a hook may be given."""
    return [
        path.read_bytes()
        for path in sorted(CASES.rglob('*'))
        if path.is_file() and path.suffix in ('.yml', '.yaml', '.sh')
    ]


def mutated(seed: bytes, others: Sequence[bytes], choose: random.Random) -> bytes:
    """A seed after one to six random changes."""
    data = seed
    for _ in range(choose.randint(1, 6)):
        at = choose.randint(0, len(data))
        to = min(len(data), at + choose.choice((1, 2, 8, 60)))
        change = choose.randrange(7)
        if change == 0:
            data = data[:at] + data[to:]
        elif change == 1:
            data = data[:at] + choose.choice(_WORDS) + data[at:]
        elif change == 2:
            data = data[:at] + bytes((choose.randrange(256),)) + data[to:]
        elif change == 3:
            times = choose.choice((2, 2, 3, 3, 50, 50, 50, 3_000))
            data = data[:at] + data[at:to] * times + data[to:]
        elif change == 4:
            other = choose.choice(others)
            start = choose.randint(0, len(other))
            data = data[:at] + other[start : start + choose.choice((20, 200))] + data[at:]
        elif change == 5:
            lines = data.splitlines(keepends=True)
            choose.shuffle(lines)
            data = b''.join(lines) if choose.random() < 0.2 else data
        else:
            data = data[:at] + choose.choice(_WORDS) + data[to:]
    return data


def scripts() -> list[bytes]:
    """The scripts of the shell's cases, and some that a grammar writes."""
    folder = CASES / 'shell'
    result = [
        case['script']
        for name in ('shell-cases', 'shell-hard', 'shell-practice')
        for case in json.loads((folder / f'{name}.json').read_text(encoding='utf-8'))
    ]
    for line in (folder / 'units.jsonl').read_text(encoding='utf-8').splitlines():
        result += ['\n'.join(part['commands']) for part in json.loads(line)['parts']]
    result += [sample(seed).script for seed in range(500)]
    return [script.encode() for script in result]


def job(script: bytes, choose: random.Random) -> bytes:
    """A pipeline with a job that runs the script: as a block, or an item for each line."""
    lines = script.decode('utf-8', 'replace').translate(_UNFIT).split('\n')
    builds = [f'/kaniko/executor --cache -d {word}' for word in ('x', 'y')]
    lines[choose.choice((0, len(lines))) : 0] = builds[: choose.randrange(3)]
    head = 'variables: {A: "1"}\nbuild-images:\n  stage: test\n  script:\n'
    if choose.random() < 0.5:
        body = '    - |2\n' + ''.join(f'        {line}\n' for line in lines)
    else:
        body = ''.join(f'    - {json.dumps(line, ensure_ascii=False)}\n' for line in lines)
    return (head + body + 'other:\n  needs: [build-images]\n  script: [echo]\n').encode()


# What a block cannot hold.
_UNFIT = dict.fromkeys((*range(9), *range(11, 32), 127, 133, 8232, 8233, 65279, 65534, 65535), ' ')
