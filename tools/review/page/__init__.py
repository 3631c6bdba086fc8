"""A review as one page that needs nothing else: no server, no network, no script if there must be none."""

from __future__ import annotations

from tools.review.page.document import page

__all__ = ["page"]
