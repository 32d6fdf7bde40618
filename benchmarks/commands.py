"""Times whole commands in turn, so that a machine that slows down slows all of them."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Timing(NamedTuple):
    """Medians over the counted runs of one command."""

    seconds: float
    processor: float  # seconds of user and system time
    peak_kib: int  # the largest resident size of its processes


def script(name: str) -> str:
    """The path of a console script, beside this interpreter or on PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not installed: pip install -e '.[test,bench]'")
    return found


def measure(commands: Mapping[str, Sequence[str]], folder: Path, runs: int) -> dict[str, Timing]:
    """Each command `runs` times in turn, after one run that is not counted."""
    taken: dict[str, list[Timing]] = {name: [] for name in commands}
    for counted in range(runs + 1):
        for name, command in commands.items():
            timing = once(command, folder)
            if counted:
                taken[name].append(timing)
    return {
        name: Timing(
            statistics.median(each.seconds for each in timings),
            statistics.median(each.processor for each in timings),
            round(statistics.median(each.peak_kib for each in timings)),
        )
        for name, timings in taken.items()
    }


def once(command: Sequence[str], folder: Path) -> Timing:
    """One run of a command, whatever its exit code; its output is thrown away."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return Timing(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
