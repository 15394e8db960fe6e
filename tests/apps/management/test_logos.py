"""Programs give an application its logo, and take it away."""

import io

import pytest
from PIL import Image

from apps.applications.models import Logo
from apps.events.models import Event
from tests.support import make, management
from tests.support.api import Answer
from tests.support.management import Platform


def picture(kind: str = "PNG", colour: str = "teal") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (600, 300), colour).save(written, kind)
    return written.getvalue()


def send(api: Platform, body: bytes, media_type: str = "image/png", **headers: str) -> Answer:
    path = f"applications/{api.application.pk}/logo"
    return api.send("POST", path, body, media_type=media_type, headers=headers)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_the_logo_that_people_see(api: Platform, kind: str) -> None:
    answer = send(api, picture(kind), f"image/{kind.lower()}")
    assert answer.status == 200, answer.content
    logo = Logo.objects.get(application=api.application)
    shown = Image.open(io.BytesIO(bytes(logo.png)))
    assert (shown.format, shown.size) == ("PNG", (256, 256))
    address = f"http://localhost:8000/logos/{api.application.pk}/{logo.digest}.png"
    assert answer.json()["logo"] == address
    assert api.client.get(address).content == bytes(logo.png)
    assert api.get(f"applications/{api.application.pk}").json() == answer.json()
    assert Event.objects.filter(type="application.changed").latest("pk").actor == (
        api.caller.credential
    )


def test_another_picture_has_another_address_and_a_logo_can_be_taken_away(api: Platform) -> None:
    first = send(api, picture()).json()["logo"]
    assert send(api, picture(colour="plum")).json()["logo"] != first
    path = f"applications/{api.application.pk}"
    assert api.delete(f"{path}/logo").status == 204
    assert api.delete(f"{path}/logo").status == 204
    assert api.get(path).json()["logo"] is None
    assert not Logo.objects.exists()


def test_what_is_no_picture_is_refused_and_the_logo_stays(api: Platform) -> None:
    before = send(api, picture()).json()["logo"]
    refused = send(api, b"<svg onload=alert(1)>")
    assert (refused.status, refused.code, refused.json()["param"]) == (422, "unprocessable", "logo")
    for media_type in ("image/svg+xml", "application/json", "multipart/form-data"):
        refused = send(api, picture(), media_type)
        assert (refused.status, refused.code) == (415, "media_type_unsupported")
        assert refused.headers["Accept"] == "image/png, image/jpeg, image/webp"
    large = send(api, b"x" * (1024 * 1024 + 1))
    assert (large.status, large.code) == (413, "body_too_large")
    assert api.get(f"applications/{api.application.pk}").json()["logo"] == before


def test_the_same_upload_again_has_no_second_effect(api: Platform) -> None:
    first = send(api, picture(), Idempotency_Key="logo")
    changes = Event.objects.filter(type="application.changed").count()
    again = send(api, picture(), Idempotency_Key="logo")
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    other = send(api, picture(colour="plum"), Idempotency_Key="logo")
    assert (other.status, other.code) == (422, "idempotency_mismatch")
    assert Event.objects.filter(type="application.changed").count() == changes


def test_a_logo_changes_the_version_of_its_application(api: Platform) -> None:
    tag = api.get(f"applications/{api.application.pk}").headers["ETag"]
    assert send(api, picture(), If_Match=tag).status == 200
    late = send(api, picture(colour="plum"), If_Match=tag)
    assert (late.status, late.code) == (412, "precondition_failed")


def test_a_sandbox_key_gives_no_logo_to_what_acts_on_live_data(db: None) -> None:
    team = make.organization()
    real = management.live(team)
    api = management.sandboxed(team)
    api.application = real.application
    refused = send(api, picture())
    assert (refused.status, refused.code) == (403, "live_credential_needed")
    assert api.delete(f"applications/{real.application.pk}/logo").code == "live_credential_needed"
    assert not Logo.objects.exists()
    assert send(real, picture()).status == 200


def test_a_list_of_applications_reads_no_pictures(api: Platform) -> None:
    send(api, picture())
    listed = api.get("applications").json()["data"]
    assert [one["logo"] is None for one in listed] == [False]
