"""Where a job's checkout puts the repository, below the workspace.

Source: github.com/actions/checkout (`path`, `repository`).
"""

from __future__ import annotations

import re

from kaniko_hooks.ci.values import folder_in
from kaniko_hooks.document.fields import value_of
from kaniko_hooks.document.nodes import Node, items_of, text_of

_CHECKOUT = re.compile(r'(?:\S*/)?actions/checkout(?:@\S*)?')
_OWN = re.compile(r'\$\{\{\s*github\.repository\s*\}\}')


def checkout_folder(steps: Node | None) -> str:
    """The folder of the repository; '' for the workspace, also where that is not known."""
    found = []
    for step in items_of(steps):
        given = value_of(step, 'with')
        repository = text_of(value_of(given, 'repository'))
        is_own = repository is None or _OWN.fullmatch(repository)
        if is_own and _CHECKOUT.fullmatch(text_of(value_of(step, 'uses')) or ''):
            found.append(folder_in('', text_of(value_of(given, 'path'))) or '')
    return found[0] if found and '' not in found else ''
