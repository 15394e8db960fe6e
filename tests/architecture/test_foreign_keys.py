"""Tables obey the same ladder as imports, which ``lint-imports`` cannot see."""

import tomllib

from django.apps import apps
from django.conf import settings
from django.db import models

PYPROJECT = tomllib.loads((settings.ROOT / "pyproject.toml").read_text())
LADDER = next(
    contract["layers"]
    for contract in PYPROJECT["tool"]["importlinter"]["contracts"]
    if contract.get("id") == "apps"
)
RUNG = {
    name.strip(" ()"): len(LADDER) - height
    for height, names in enumerate(LADDER)
    for name in names.split("|")
}


def test_foreign_keys_point_down_the_ladder() -> None:
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
        and {model._meta.app_label, field.related_model._meta.app_label} <= RUNG.keys()
        and model._meta.app_label != field.related_model._meta.app_label
        and RUNG[model._meta.app_label] <= RUNG[field.related_model._meta.app_label]
    ]
    assert upward == []


def test_every_app_of_ours_has_its_rung() -> None:
    ours = [name for name in settings.INSTALLED_APPS if name.startswith("apps.")]
    assert {name.removeprefix("apps.") for name in ours} <= RUNG.keys()
