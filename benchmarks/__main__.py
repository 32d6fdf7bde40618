"""Prints how long the hooks take, as ratios to what cannot be faster and to their peers.

Run it from the repository, in an environment with the hooks installed as their
users have them, not with `-e`: the finder of an editable install slows every
start of the interpreter.

    pip install '.[bench]'
    python -m benchmarks [--runs N] [--scale]
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.commands import Timing, measure, once, script
from benchmarks.repository import write_repository

ROOT = Path(__file__).parent.parent
GOOD = 'good.gitlab-ci.yml'
BAD = 'bad.gitlab-ci.yml'


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m benchmarks', description=__doc__)
    parser.add_argument('--runs', type=int, default=15)
    parser.add_argument('--scale', action='store_true', help='also generate large repositories')
    options = parser.parse_args()
    start_up(options.runs)
    if options.scale:
        scale()
    return 0


def start_up(runs: int) -> None:
    check, fix = script('check-kaniko-builds'), script('fix-kaniko-builds')
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / '.git').mkdir()
        for example in ('good', 'bad'):
            text = (ROOT / 'examples' / example / '.gitlab-ci.yml').read_text()
            (folder / f'{example}.gitlab-ci.yml').write_text(text)
        (folder / 'values.yml').write_text('service:\n  replicas: 2\n')
        timings = measure(
            {
                'python -c pass': (sys.executable, '-c', 'pass'),
                'python -c "import yaml"': (sys.executable, '-c', 'import yaml'),
                'check, no Kaniko in the file': (check, 'values.yml'),
                'check, pipeline without a finding': (check, GOOD),
                'check, pipeline with a finding': (check, BAD),
                'fix --diff': (fix, '--unsafe', '--diff', BAD),
                'check-yaml': (script('check-yaml'), GOOD),
                'yamllint': (script('yamllint'), GOOD),
                'check-jsonschema': (
                    script('check-jsonschema'),
                    '--builtin-schema',
                    'vendor.gitlab-ci',
                    GOOD,
                ),
            },
            folder,
            runs,
        )
    base, yaml = timings['python -c pass'], timings['python -c "import yaml"']
    print(f'Medians of {runs} runs, wall clock (in brackets processor time)')
    print(f'{"":34}{"x pass":>15}{"x import yaml":>18}{"ms":>8}')
    for label, timing in timings.items():
        print(
            f'{label:34}{_ratio(timing, base):>15}{_ratio(timing, yaml):>18}'
            f'{timing.seconds * 1000:8.0f}'
        )


def _ratio(one: Timing, other: Timing) -> str:
    wall, processor = one.seconds / other.seconds, one.processor / other.processor
    return f'{wall:.2f} ({processor:.2f})'


def scale() -> None:
    """Each size once alone, so that its growth can be told from that of the other."""
    print('\nRepositories of YAML files, 1 in 100 with Kaniko; jobs in 150 included files')
    taken: dict[tuple[int, int], float] = {}
    for files, jobs in ((1_000, 2_000), (10_000, 2_000), (1_000, 1_000), (1_000, 5_000)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_repository(folder, files, jobs)
            taken[files, jobs] = _of_size(folder, files, jobs)
    for what, small, large in (
        ('1,000 -> 10,000 files', (1_000, 2_000), (10_000, 2_000)),
        ('1,000 -> 5,000 jobs', (1_000, 1_000), (1_000, 5_000)),
    ):
        times = large[0] * large[1] / (small[0] * small[1])
        growth = math.log(taken[large] / taken[small], times)
        print(f'{what}: time grows with exponent {growth:.2f}')


def _of_size(folder: Path, files: int, jobs: int) -> float:
    """The processor time of a check of the whole repository; prints how it compares."""
    commands: dict[str, Sequence[str]] = {
        'check': (script('check-kaniko-builds'),),
        'git grep': ('git', 'grep', '-l', 'kaniko'),
    }
    mine, grep = measure(commands, folder, 3).values()
    yamllint = once((script('yamllint'), '-d', 'relaxed', '.'), folder)
    print(
        f'{files:6,} files, {jobs:5,} jobs: {mine.seconds:6.2f} s, '
        f'{mine.seconds / grep.seconds:5.0f} x git grep -l kaniko, '
        f'{mine.seconds / yamllint.seconds:.3f} x yamllint, '
        f'peak {mine.peak_kib / 1024:.0f} MiB'
    )
    return mine.processor


if __name__ == '__main__':
    raise SystemExit(main())
