"""Old home of what is in `nodes` now."""

from __future__ import annotations

from kaniko_hooks.document.nodes import Field as Field, fields as fields, value_of as value_of
