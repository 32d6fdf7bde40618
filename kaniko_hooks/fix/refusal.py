"""Why a job is left as it is."""

from __future__ import annotations


class Refusal(Exception):
    """The reason, in one line that goes on from "no automatic fix: "."""


class Shared(Refusal):
    """What would be changed is another job's, too, or may be."""


class Risky(Refusal):
    """What is done with --unsafe, as the reason says."""


def shortened(text: str) -> str:
    """A command as it is named in a reason: its first line; of a long one both ends."""
    line = ' '.join(text.replace('\\\n', ' ').strip().split('\n')[0].split())
    return f'`{line if len(line) <= 60 else line[:27] + "…" + line[-32:]}`'
