"""Generates pipelines, lets the fix rewrite them, and runs each before and after."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import shutil
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from kaniko_hooks import check_kaniko_builds, fix_kaniko_builds
from kaniko_hooks.ci.gitlab import InvalidPipeline
from tests.golden import record
from tests.judge.generate import generate
from tests.judge.pipeline import definition
from tests.judge.scenarios import differences, shell_for

_PROCESSES = 2


class Verdict(NamedTuple):
    """The result of a seed: `same`, `differs`, `refused`, `no finding`, `invalid` or `crash`."""

    seed: int
    kind: str
    text: str = ''


def verdict(seed: int, unsafe: bool = False, keep: Path | None = None) -> Verdict:
    """Generates a repository, lets the fix rewrite a copy of it, and compares the two."""
    with tempfile.TemporaryDirectory(prefix=f'seed-{seed}-') as name:
        before, after = Path(name) / 'before', Path(name) / 'after'
        for path, text in generate(seed).items():
            (before / path).parent.mkdir(parents=True, exist_ok=True)
            (before / path).write_bytes(text.encode())
        try:
            definition(before, '.gitlab-ci.yml')
        except InvalidPipeline as error:
            return Verdict(seed, 'invalid', str(error))
        shutil.copytree(before, after)
        code, out, err = called(fix_kaniko_builds, after, ['--unsafe'] if unsafe else [])
        if code not in (0, 1) or 'Traceback' in err:
            return Verdict(seed, 'crash', err)
        if (before / '.gitlab-ci.yml').read_bytes() == (after / '.gitlab-ci.yml').read_bytes():
            return Verdict(seed, *refusal(after))
        lines = [
            f'{scenario}: {line}'
            for scenario, rest in differences(before, after, shell_for(seed)).items()
            for line in rest
        ]
        if lines and keep:
            shutil.copytree(name, keep / str(seed), dirs_exist_ok=True)
        return Verdict(seed, 'differs' if lines else 'same', '\n'.join(lines))


def refusal(root: Path) -> tuple[str, str]:
    """The reason that the check gives for what the fix leaves alone, without names."""
    _, out, err = called(check_kaniko_builds, root, ['--format', 'json'])
    if not out:
        return 'crash', err
    findings = json.loads(out)['findings']
    reasons = {finding['no_fix'] for finding in findings if finding['no_fix']}
    if not findings:
        return 'no finding', ''
    return 'refused', '; '.join(
        sorted(re.sub(r'`[^`]*`|\$\w+|\S*[/.]\S+', '…', reason) for reason in reasons)
    )


def called(hook: ModuleType, root: Path, options: list[str]) -> tuple[int, str, str]:
    """Exit code and output of a hook for all files of a repository."""
    files = sorted(str(path.relative_to(root)) for path in root.rglob('*') if path.is_file())
    paths = [path for path in files if path.endswith(('.yml', '.sh'))]
    here = os.getcwd()
    os.chdir(root)
    try:
        return record.called(hook, [*options, *paths])
    finally:
        os.chdir(here)


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m tests.judge', description=__doc__)
    parser.add_argument('--seeds', default='0-99', help='the first and the last seed')
    parser.add_argument('--unsafe', action='store_true', help='run the fix with --unsafe')
    parser.add_argument('--keep', type=Path, help='a folder for repositories that differ')
    options = parser.parse_args()
    first, _, last = options.seeds.partition('-')
    seeds = range(int(first), int(last or first) + 1)
    judge = partial(verdict, unsafe=options.unsafe, keep=options.keep)
    with multiprocessing.Pool(_PROCESSES) as pool:
        verdicts = list(pool.imap_unordered(judge, seeds, chunksize=4))
        pool.close()  # the workers remove their sandboxes only when they end by themselves
        pool.join()
    counts = Counter(verdict.kind for verdict in verdicts)
    print(', '.join(f'{kind}: {count}' for kind, count in counts.most_common()))
    reasons = Counter(verdict.text for verdict in verdicts if verdict.kind == 'refused')
    for reason, count in reasons.most_common():
        print(f'{count:5} {reason}')
    for item in sorted(verdicts):
        if item.kind in ('differs', 'crash', 'invalid'):
            print(f'seed {item.seed} {item.kind}: ' + '\n    '.join(item.text.splitlines()[:4]))
    return int(bool(counts['differs'] + counts['crash']))


if __name__ == '__main__':
    raise SystemExit(main())
