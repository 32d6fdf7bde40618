"""Where the comments of a shell script stand (POSIX, Shell Command Language, 2.3)."""

from __future__ import annotations

import re
from bisect import bisect_left

# A comment starts where a word could; heredocs are skipped, they are data.
_TOKEN = re.compile(
    r"""
    \\. | '[^']*'? | "(?:[^"\\]|\\.)*"?
    | (?P<comment>(?<![^\s;&|()`])\#[^\n]*)
    | <<<
    | <<-?[ \t]*(?P<heredoc>'[^'\n]*' | "[^"\n]*" | [\w\\]+)
    | (?P<newline>\n)
    """,
    re.DOTALL | re.VERBOSE,
)


def comments(script: str) -> list[tuple[int, int]]:
    """Start and end of every comment: from its '#' up to the end of the line."""
    found = []
    ends: dict[str, list[int]] | None = None
    waiting: list[str] = []
    at = 0
    while match := _TOKEN.search(script, at):
        at = match.end()
        if match['comment'] is not None:
            found.append(match.span())
        elif match['heredoc'] is not None:
            waiting.append(match['heredoc'].strip('\'"').replace('\\', ''))
        elif match['newline'] is not None and waiting:
            ends = _lines(script) if ends is None else ends
            for word in waiting:
                at = _after_heredoc(ends.get(word, []), word, at)
            waiting = []
    return found


def _lines(script: str) -> dict[str, list[int]]:
    """For every line without leading tabs, where its text ends."""
    ends: dict[str, list[int]] = {}
    end = -1
    for line in script.split('\n'):
        end += len(line) + 1
        ends.setdefault(line.strip('\t\r'), []).append(end)
    return ends


def _after_heredoc(ends: list[int], word: str, at: int) -> int:
    """The offset after the heredoc that starts at `at`; `at` if nothing ends it."""
    index = bisect_left(ends, at + len(word))
    return ends[index] if index < len(ends) else at
