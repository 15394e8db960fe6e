"""An application's logo: decoded, drawn anew at one size, and nothing of the upload kept.

Only formats of pixels are read: SVG is a program. The size is read before any pixel is, so a small
file that unfolds to gigabytes is refused before it does.
"""

import hashlib
import io
from typing import Final

from django.conf import settings
from django.db import transaction
from PIL import Image, ImageOps

from apps.applications.models import Application, Logo, Presentation
from apps.core import clock
from apps.core.errors import Unprocessable
from apps.events import services as events
from apps.orgs.actors import Actor

FORMATS: Final = ("PNG", "JPEG", "WEBP")
SIDE: Final = 256
LARGEST: Final = 256 * 1024  # bytes of the PNG we serve
UPLOAD: Final = 2 * 1024 * 1024  # bytes of what is sent
PIXELS: Final = 4096 * 4096


@transaction.atomic
def change(application: Application, *, upload: bytes, actor: Actor) -> Logo:
    """Make ``upload`` the application's logo."""
    png = redraw(upload)
    logo, _made = Logo.objects.update_or_create(
        application=application,
        defaults={
            "png": png,
            "digest": hashlib.sha256(png).hexdigest(),
            "updated_at": clock.real(),
        },
    )
    _record(application, actor)
    return logo


@transaction.atomic
def remove(application: Application, *, actor: Actor) -> None:
    """Take the logo away. Harmless where there is none."""
    if Logo.objects.filter(application=application).delete()[0]:
        _record(application, actor)


def address(logo: Logo | Presentation) -> str:
    """Return where everybody finds a logo, wished or approved; another picture, another address."""
    return f"{settings.PORTAL_URL}/logos/{logo.application_id}/{logo.digest}.png"


def redraw(upload: bytes) -> bytes:
    """Return the picture as a PNG of 256 x 256 pixels without anything else in it."""
    if len(upload) > UPLOAD:
        raise _refused(f"The file is larger than {UPLOAD // 1024**2} MiB.")
    upright = _read(upload)
    fitted = ImageOps.contain(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
    canvas = Image.new("RGBA", (SIDE, SIDE))
    canvas.paste(fitted, ((SIDE - fitted.width) // 2, (SIDE - fitted.height) // 2))
    png = _png(canvas)
    return png if len(png) <= LARGEST else _png(canvas.quantize(256))


def _read(upload: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(upload), formats=FORMATS) as picture:
            small = picture.width * picture.height <= PIXELS
            upright = ImageOps.exif_transpose(picture).convert("RGBA") if small else None
    except Exception as error:  # decoders of hostile bytes raise anything
        raise _refused("This is no PNG, JPEG or WebP picture that can be read.") from error
    if upright is None:
        raise _refused("The picture has more than 16 million pixels.")
    return upright


def _png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()


def _refused(why: str) -> Unprocessable:
    return Unprocessable(why, param="logo")


def _record(application: Application, actor: Actor) -> None:
    events.emit(
        "application.changed",
        application,
        actor=actor,
        organization=application.organization_id,
        application=application.pk,
    )
