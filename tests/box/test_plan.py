"""How servers are started: in the box and in a container alike."""

from django.conf import settings

from box import plan

ALIKE = ("--http ", "--http1-header-read-timeout ")


def test_a_container_is_as_patient_as_the_box() -> None:
    box = f"{' '.join(plan.granian('127.0.0.1', 1))} "
    container = (settings.ROOT / "docker/entrypoint").read_text().replace('"', " ")
    for name in ALIKE:
        told = {text.partition(name)[2].partition(" ")[0] for text in (box, container)}
        assert len(told) == 1
        assert told != {""}
