"""Both hooks as commands of their own, held to a time and a memory."""
from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

CI = '.gitlab-ci.yml'
BUILDS = '  script:\n    - /kaniko/executor --cache -d a\n    - /kaniko/executor --cache -d b\n'
HOOKS = ('check_kaniko_builds', 'fix_kaniko_builds')
SECONDS = 20
MEMORY = 1024 ** 3

# Somebody else may not be able to read the interpreter: all is imported before.
_AS = '''
import encodings.idna, encodings.utf_8_sig, importlib, os, pkgutil, sys, tempfile, unicodedata
import kaniko_hooks
for each in pkgutil.walk_packages(kaniko_hooks.__path__, 'kaniko_hooks.'):
    importlib.import_module(each.name)
module, user = sys.argv[1], int(sys.argv[2])
os.setgroups([])
os.setgid(user)
os.setuid(user)
sys.exit(importlib.import_module('kaniko_hooks.' + module).main(sys.argv[3:]))
'''


def hook(
        module: str, folder: Path, *argv: str, environ: Mapping[str, str] | None = None,
        user: int | None = None,
) -> tuple[int, str]:
    """The exit code of a hook and all that it says; 0 or 1, and never a traceback."""
    command = ('-m', f'kaniko_hooks.{module}') if user is None else ('-c', _AS, module, str(user))
    done = subprocess.run(
        (sys.executable, *command, *argv), cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10 * SECONDS,
        preexec_fn=_limited, env={**os.environ, **(environ or {})},
    )
    said = done.stdout.decode(errors='replace')
    assert 'Traceback' not in said, said
    assert 'internal error' not in said, said
    assert done.returncode in (0, 1), (done.returncode, said)
    return done.returncode, said


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
