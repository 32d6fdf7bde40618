"""Findings in the formats that people and machines read, a module for each."""
from __future__ import annotations

import importlib

from kaniko_hooks.lines import TextOf
from kaniko_hooks.model import Result

# The format's name on the command line -> the module with its `render`.
FORMATS = {
    'text': 'text',
    'json': 'json_report',
    'gitlab': 'code_quality',
    'sarif': 'sarif',
}


def render(name: str, result: Result, text_of: TextOf, color: bool = False) -> str:
    """The report of that format, ending with a newline if it is not empty.

    `text_of` gives a file's text without byte order mark, '' if it has none
    that can be read. Only text is ever coloured. Modules are imported late:
    most runs have nothing to report.
    """
    module = importlib.import_module(f'kaniko_hooks.report.{FORMATS[name]}')
    report: str = module.render(result, text_of, color)
    return report
