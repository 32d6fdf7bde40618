"""Old home of what is in `repository` now."""

from __future__ import annotations

from kaniko_hooks.repository import (
    BOM as BOM,
    Repository as Repository,
    Unreadable as Unreadable,
    decode as decode,
    read_bytes as read_bytes,
    within as within,
)
