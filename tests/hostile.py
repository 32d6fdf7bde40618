"""Both hooks as commands of their own, held to a memory and to seconds of the processor."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CI = '.gitlab-ci.yml'
BUILDS = '  script:\n    - /kaniko/executor --cache -d a\n    - /kaniko/executor --cache -d b\n'
HOOKS = ('check_kaniko_builds', 'fix_kaniko_builds')
SECONDS = 60  # what hangs ends here
MEMORY = 1024**3

# Somebody else may not be able to read the interpreter: all is imported before.
_CALLS = """
import email.parser, encodings.utf_8_sig, importlib.metadata, json, os, pkgutil, shlex, sys
import tempfile, unicodedata
calls, user = json.loads(sys.argv[1]), json.loads(sys.argv[2])
if user is not None:
    import kaniko_hooks
    for each in pkgutil.walk_packages(kaniko_hooks.__path__, 'kaniko_hooks.'):
        importlib.import_module(each.name)
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
for module, *argv in calls:
    code = importlib.import_module('kaniko_hooks.' + module).main(argv)
    sys.stdout.flush()
    os.write(1, b'\\0%d\\0' % code)
"""


def hook(module: str, folder: Path, *argv: str) -> tuple[int, str]:
    """The exit code of a hook and all that it says; 0 or 1, and never a traceback."""
    code, output = _run(folder, '-m', f'kaniko_hooks.{module}', *argv)
    return _judged(code, output)


def hooks(folder: Path, *calls: Sequence[str], user: int | None = None) -> list[tuple[int, str]]:
    """The same for several calls, each a module and its arguments, in one process."""
    code, output = _run(folder, '-c', _CALLS, json.dumps(calls), json.dumps(user))
    assert code == 0, output
    *pieces, rest = output.split('\0')
    assert (len(pieces), rest) == (2 * len(calls), ''), output
    return [_judged(int(code), output) for output, code in zip(pieces[::2], pieces[1::2])]


def both(folder: Path, *argv: str, user: int | None = None) -> list[tuple[int, str]]:
    """The same for both hooks with these arguments."""
    return hooks(folder, *((module, *argv) for module in HOOKS), user=user)


def _run(folder: Path, *argv: str) -> tuple[int, str]:
    done = subprocess.run(
        (sys.executable, *argv),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=_limited,
    )
    return done.returncode, done.stdout.decode(errors='replace')


def _judged(code: int, output: str) -> tuple[int, str]:
    assert 'Traceback' not in output, output
    assert 'internal error' not in output, output
    assert code in (0, 1), (code, output)
    return code, output


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
