"""Applications that were approved, and another face for them."""

import io

from PIL import Image

from apps.accounts.models import User
from apps.applications import logos
from apps.applications import services as applications
from apps.applications.models import Application
from apps.moderation import services as moderation
from apps.orgs import services as orgs
from tests.support import make

EVIL = "Acme Bank"


def picture(colour: str) -> bytes:
    """Return a small picture."""
    written = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(written, "PNG")
    return written.getvalue()


def fresh(of: Application) -> Application:
    """Return an application as it is in the database."""
    return Application.objects.get(pk=of.pk)


def owner(of: Application) -> User:
    """Return who owns an application's organization."""
    return of.organization.memberships.get(role="owner").user


def approved() -> Application:
    """Make an application with a red logo, which a reviewer approved."""
    make.scopes("orders:read")
    made = make.application(name="Invoicer")
    logos.change(made, upload=picture("red"), actor=owner(made))
    applications.submit(made, actor=owner(made))
    moderation.approve(fresh(made), reason="Fine.", scopes=["orders:read"], actor=make.operator())
    return fresh(made)


def rename(of: Application, name: str = EVIL, **more: str) -> Application:
    """Give an application another name."""
    said = {"description": of.description, "homepage": of.homepage, **more}
    applications.change(of, name=name, **said, actor=owner(of))
    return fresh(of)


def masked(of: Application) -> Application:
    """Give the application, its logo and its organization another face."""
    rename(of, homepage="https://bank.example")
    logos.change(of, upload=picture("blue"), actor=owner(of))
    orgs.rename(of.organization, name=f"{EVIL} Inc", actor=owner(of))
    return fresh(of)
