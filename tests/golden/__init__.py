"""Behaviour of both hooks on every case of tests/cases, frozen as data.

`python -m tests.golden` prints what differs from the data; with `--write` it
becomes the new data. Each file has one JSON record a line, so that a change of
behaviour is a change of lines.
"""
