"""A logo is drawn anew; a hostile picture costs little and leaves nothing."""

import io
import random
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from apps.applications import logos
from apps.core.errors import Unprocessable


def written(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def test_what_was_written_beside_the_pixels_is_gone() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "<script>alert(1)</script>")
    upload = written(Image.new("RGB", (40, 20), "red"), pnginfo=notes) + b"<script>tail</script>"
    drawn = logos.redraw(upload)
    assert b"script" not in drawn
    with Image.open(io.BytesIO(drawn)) as picture:
        assert picture.size == (256, 256)
        assert picture.getpixel((128, 128)) == (255, 0, 0, 255)
        assert picture.getpixel((0, 0)) == (0, 0, 0, 0)


def test_noise_still_fits() -> None:
    noise = random.Random(1).randbytes(256 * 256 * 4)
    upload = written(Image.frombytes("RGBA", (256, 256), noise), "WEBP", lossless=True)
    assert len(logos.redraw(upload)) <= logos.LARGEST


def test_a_picture_that_unfolds_to_gigabytes_is_refused_before_it_does() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    for side in (5_000, 12_000, 60_000):
        head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
        body = zlib.compress(b"\0" * 100_000)
        bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body)
        with pytest.raises(Unprocessable):
            logos.redraw(bomb + chunk(b"IEND", b""))


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM", "ICO", "PDF"])
def test_other_formats_are_not_even_tried(kind: str) -> None:
    with pytest.raises(Unprocessable):
        logos.redraw(written(Image.new("RGB", (16, 16)), kind))
