"""Registers that look like the classes of one source, and yet scatter by factors of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass
