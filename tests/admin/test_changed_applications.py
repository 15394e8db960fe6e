"""A reviewer sees what people read now, and what they would, and decides about just that."""

import pytest
from django.contrib.admin.utils import quote
from django.test import Client as Browser
from django.urls import reverse

from apps.applications import presenting
from apps.applications import services as applications
from apps.applications.models import Application
from tests.support import faces, make
from tests.support.faces import EVIL


@pytest.fixture
def built(db: None) -> Application:
    return faces.approved()


def office(of: Application, action: str) -> str:
    return f"/admin/applications/application/{quote(of.pk)}/{action}/"


def test_a_reviewer_sees_old_and_new_and_decides(built: Application, admin: Browser) -> None:
    listed = reverse("admin:applications_application_changelist")
    assert built.pk not in admin.get(f"{listed}?changes=waiting").content.decode()
    assert "approve-changes" not in admin.get(office(built, "change")).content.decode()
    changed = faces.masked(built)
    assert EVIL in admin.get(f"{listed}?changes=waiting").content.decode()
    assert EVIL in admin.get(reverse("admin:index")).content.decode()
    shown = admin.get(office(built, "change")).content.decode()
    assert "name: Invoicer becomes Acme Bank" in shown
    assert "approve-changes" in shown
    page = admin.get(office(built, "approve-changes"))
    said = page.content.decode()
    for text in ("Invoicer", EVIL, "Bicycle Shop", "https://bank.example", changed.logo.digest):
        assert text in said
    seen = page.context["form"].initial["seen"]
    assert f'value="{seen}"' in said
    applications.change(
        changed, name="Acme Banking", description="", homepage="", actor=faces.owner(built)
    )
    answer = {"reason": "Theirs.", "seen": seen}
    late = admin.post(office(built, "approve-changes"), answer, follow=True)
    assert "was changed meanwhile" in late.content.decode()
    assert presenting.shown(faces.fresh(built)).name == "Invoicer"
    seen = admin.get(office(built, "approve-changes")).context["form"].initial["seen"]
    admin.post(office(built, "approve-changes"), {"reason": "Theirs.", "seen": seen})
    assert presenting.shown(faces.fresh(built)).name == "Acme Banking"


def test_a_first_review_shows_what_people_will_read(admin: Browser) -> None:
    made = make.application(name="Invoicer")
    applications.submit(made, actor=faces.owner(made))
    page = admin.get(office(made, "approve"))
    assert "Bicycle Shop" in page.content.decode()
    seen = page.context["form"].initial["seen"]
    applications.change(made, name=EVIL, description="", homepage="", actor=faces.owner(made))
    admin.post(office(made, "approve"), {"reason": "Fine.", "seen": seen})
    assert faces.fresh(made).state == Application.State.SUBMITTED
