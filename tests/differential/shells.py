"""Scripts in real shells, with a stub for the executor."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.differential.writer import EXECUTOR, Sample, Surroundings

# `.ci/run` installs those that the machine lacks.
SHELLS: Sequence[tuple[str, ...]] = (('bash',), ('dash',), ('busybox', 'sh'))
_SECONDS = 10
_MAX_BUILDS = 60
# Both append a character for each call to a file, and fail in some of them.
_EXECUTOR = """#!/bin/sh
printf x >> "$RECORD"
read -r calls < "$RECORD"
case ",$FAILING_BUILDS," in *",${#calls},"*) exit 1 ;; esac
[ ${#calls} -lt %d ]
"""
_PROGRAM = """#!/bin/sh
printf x >> "$RECORD.programs"
read -r calls < "$RECORD.programs"
case ",$FAILING_PROGRAMS," in *",${#calls},"*) exit 1 ;; esac
"""
_WORDS = '#!/bin/sh\necho "$WORDS"\n'


class Machine:
    """A folder in which scripts run, one after the other."""

    def __init__(self) -> None:
        memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix='differential-', dir=memory))
        # Some scripts write into the folders above theirs.
        self.home = self.folder / 'home'
        self.project = self.home / 'a/b/c'
        self.record = self.folder / 'record'
        self.executor = self.folder / 'kaniko/executor'
        for path, text in (
            (self.executor, _EXECUTOR % _MAX_BUILDS),
            (self.folder / 'bin/maybe', _PROGRAM),
            (self.folder / 'bin/words', _WORDS),
        ):
            _write(path, text)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def builds(self, shell: tuple[str, ...], sample: Sample, around: Surroundings) -> int:
        """The number of times that a script runs the executor; 0 if it does not end by itself."""
        shutil.rmtree(self.home, ignore_errors=True)
        for folder in ('d1', 'd2'):
            (self.project / folder).mkdir(parents=True)
        for path, text in sample.files.items():
            _write(self.project / path, self._with_stub(text))
        self.record.write_text('')
        Path(f'{self.record}.programs').write_text('')
        # Scripts that start `sh` get the same shell.
        shell_link = self.folder / 'bin/sh'
        shell_link.unlink(missing_ok=True)
        shell_link.symlink_to(shutil.which(shell[0]) or shell[0])
        environment = {
            'PATH': f'{self.folder}/bin:{os.environ["PATH"]}',
            'RECORD': str(self.record),
            'FAILING_BUILDS': ','.join(map(str, around.failing_builds)),
            'FAILING_PROGRAMS': ','.join(map(str, around.failing_programs)),
            **around.variables,
        }
        # All processes of the script inherit one end of a pipe: it closes with the last one.
        ended, inherited = os.pipe()
        process = subprocess.Popen(
            [*shell, '-c', self._with_stub(sample.script)],
            cwd=self.project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(inherited,),
            start_new_session=True,
        )
        os.close(inherited)
        ends_by_itself = bool(select.select([ended], [], [], _SECONDS)[0])
        os.close(ended)
        if not ends_by_itself:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return self.record.stat().st_size if ends_by_itself else 0

    def _with_stub(self, text: str) -> str:
        return text.replace(EXECUTOR, str(self.executor))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
