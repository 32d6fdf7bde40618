"""The actions of a pipeline, as data that `compare` can read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

# A drawn value (a date, a uuid, the id of a job) is a number that stands nowhere else.
DRAWN = re.compile(r'97\d{4}')

Kind = Literal['build', 'effect', 'repeatable', 'keyword']


class Event(NamedTuple):
    """One call of a program, or what GitLab does for a keyword of a job.

    - `kind`: a build, a side effect, or what may as well run once more;
    - `text`: its words;
    - `state`: what it reads: the image it builds, or the images and files that it names, with
      their contents at that time;
    - `pushed`: where a build puts its image: destinations, or a file where it pushes nothing;
    - `source`: the context and the Dockerfile of a build, and its `--target`;
    - `names_something`: true where a word is an image or a file that a build has made;
    - `earlier`: the images pushed by the same job before, and by the jobs it waits for.
    """

    job: str
    kind: Kind
    text: str
    state: str
    failed: bool
    pushed: tuple[str, ...] = ()
    source: tuple[str, str] = ('', '')
    names_something: bool = False
    earlier: frozenset[str] = frozenset()

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the call that are the same in every run, for `failing`."""
        subject = self.state if self.kind == 'build' else self.text
        return tuple(masked(f'{self.kind} {subject} {push}') for push in self.pushed or ('',))


class JobRun(NamedTuple):
    """The end of one job instance; `received` and `kept` are artifacts, path to content."""

    job: str
    definition: str  # of the job: all but what names other jobs
    status: str
    lenient: bool
    received: Mapping[str, str]
    kept: Mapping[str, str]


class Trace(NamedTuple):
    """One run of a pipeline; with an error GitLab would not have created it."""

    events: tuple[Event, ...] = ()
    runs: Mapping[str, JobRun] = {}
    registry: Mapping[str, str] = {}
    caches: Mapping[str, Mapping[str, str]] = {}
    error: str = ''

    @property
    def failed(self) -> bool:
        return any(run.status == 'failed' and not run.lenient for run in self.runs.values())

    @property
    def jobs(self) -> Mapping[str, str]:
        """The jobs, name to definition."""
        return {run.job: run.definition for run in self.runs.values()}


def masked(text: str) -> str:
    """The text with all drawn values alike."""
    return DRAWN.sub('<drawn>', text)


def digest(text: str) -> str:
    """A name for a content: letters, and the drawn values that are in the content."""
    letters = hashlib.sha256(masked(text).encode()).hexdigest()[:16]
    name = letters.translate(str.maketrans('0123456789', 'ghijklmnop'))
    return '+'.join([name, *sorted(set(DRAWN.findall(text)))])
