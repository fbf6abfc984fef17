"""Pictures of pages: PNG, JPEG, TIFF of many pages, and their like, by Pillow."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from .sources import Rows, Trouble

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")
_PAPER = 11.0
"""Inches of the longer side that a picture is taken to show, so that `dpi` means something: a letter page."""


class ImagePart:
    """A picture file, one page for each of its frames."""

    def __init__(self, data: bytes, name: str, limits: dict[str, Any]) -> None:
        self.name = name
        Image.MAX_IMAGE_PIXELS = int(limits["pixels"]) * 4
        try:
            self._image = Image.open(io.BytesIO(data), formats=_FORMATS)
            self._count = int(getattr(self._image, "n_frames", 1))
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            raise Trouble("the picture is broken or too large; hint: scan the page again at 200 dpi") from None
        if self._count > limits["pages"]:
            raise Trouble(f"the picture has {self._count} pages, more than {limits['pages']}; hint: split it")
        if self._image.width * self._image.height > 4 * limits["pixels"]:
            raise Trouble("the picture is too large; hint: scan the page again at 200 dpi")

    def __len__(self) -> int:
        return self._count

    def rows(self, page: int) -> Rows | None:
        return None

    def picture(self, page: int, dpi: float) -> Any:
        try:
            self._image.seek(page)
            image = ImageOps.exif_transpose(self._image).convert("L")
        except (OSError, ValueError, EOFError, SyntaxError, Image.DecompressionBombError):
            raise Trouble("the picture is broken; hint: scan the page again") from None
        scale = dpi * _PAPER / max(image.size)
        if scale < 1:
            image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
        return np.asarray(image)

    def notes(self) -> list[str]:
        return []
