"""A page as a picture for the screen, drawn in the child process like all else that touches the file."""

from __future__ import annotations

import io
from typing import Any

from .sources import Trouble, open_file


def picture(data: bytes, name: str, page: int, width: int, limits: dict[str, Any]) -> bytes:
    """Page `page` of the packet, counted from 1, as PNG. Raises Trouble."""
    from PIL import Image

    before = 0
    for part in open_file(data, name, limits).parts:
        if page <= before + len(part):
            grey = part.picture(page - before - 1, width / 8.5)
            if grey is None:
                raise Trouble("the page is plain text and has no picture; hint: show its text")
            image = Image.fromarray(grey)
            if image.width != width:
                image = image.resize((width, max(1, min(4 * width, round(image.height * width / image.width)))))
            out = io.BytesIO()
            image.save(out, "PNG", optimize=False)
            return out.getvalue()
        before += len(part)
    raise Trouble(f"there is no page {page}; hint: the packet has {before}")
