"""Rewrites of GitLab jobs, and reasons to leave a job as it is.

Patterns that few rewrites need are strings: `re` compiles them where they are used, since
to compile all of them takes longer than most rewrites.
"""

from __future__ import annotations


class Refusal(Exception):
    """The reason, in one line that goes on from "no automatic fix: "."""


class Shared(Refusal):
    """The rewrite would change another job, or may change one."""


def shortened(text: str) -> str:
    """A command as reasons name it: its first line; of a long one both ends."""
    line = ' '.join(text.replace('\\\n', ' ').strip().split('\n')[0].split())
    return f'`{line if len(line) <= 60 else line[:27] + "…" + line[-32:]}`'
