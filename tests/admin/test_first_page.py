"""The admin opens with what waits for a person."""

from django.contrib.auth.models import Permission
from django.test import Client

from apps.applications import services as applications
from tests.support import make


def test_what_waits_for_review_is_listed_with_a_link(admin: Client) -> None:
    waiting, draft = make.application(name="Gift cards"), make.application(name="Unfinished")
    applications.submit(waiting, actor=waiting.created_by or make.user())
    page = admin.get("/admin/")
    assert list(page.context["waiting"]) == [waiting]
    assert "Gift cards" in page.content.decode()
    assert draft.name not in page.content.decode()
    assert "No application is suspended." in page.content.decode()


def test_staff_sees_only_what_it_may(client: Client, db: None) -> None:
    make.application(name="Gift cards")
    clerk = make.user(is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_organization"))
    client.force_login(clerk)
    page = client.get("/admin/")
    assert page.context["newcomers"] == 1
    assert "waiting" not in page.context
    assert "today" not in page.context
    assert "unsent" not in page.context
