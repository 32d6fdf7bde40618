"""Which CI system reads a file, and what its containers run."""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence

from kaniko_hooks.ci.recognise import GITLAB
from kaniko_hooks.ci.recognise import system_by_path
from kaniko_hooks.ci.recognise import system_of
from kaniko_hooks.document.nodes import Node
from kaniko_hooks.model import Place
from kaniko_hooks.model import Problem
from kaniko_hooks.model import Reading
from kaniko_hooks.project import Repository
from kaniko_hooks.project import Unreadable
