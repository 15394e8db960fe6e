"""What can happen to the catalog."""

import hashlib
import json
from typing import Any

from django.db import transaction

from apps.catalog.models import Api, ApiVersion, Operation, Scope
from apps.core import clock
from apps.events import services as events

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


@transaction.atomic
def publish(slug: str, *, major: int, name: str, document: dict[str, Any]) -> ApiVersion:
    """Publish an OpenAPI document as ``slug``/v``major``; the same document again changes nothing.

    Operations keep their rows while method and path stay. Scopes come from the document's
    ``x-trellis-scopes``: ``{"orders:read": {"title": "…", "risk": "low"}}``.
    """
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    api, _ = Api.objects.update_or_create(
        slug=slug,
        defaults={"name": name, "description": document["info"].get("description", "")},
    )
    version = ApiVersion.objects.filter(api=api, major=major).first()
    if version and version.digest == digest:
        return version
    version, _ = ApiVersion.objects.update_or_create(
        api=api,
        major=major,
        defaults={"document": document, "digest": digest, "updated_at": clock.real()},
    )
    for scope, words in document.get("x-trellis-scopes", {}).items():
        Scope.objects.update_or_create(name=scope, defaults=words)
    _set_operations(version, document)
    events.emit("catalog.published", version, actor=None, api=slug, major=major)
    return version


def _set_operations(version: ApiVersion, document: dict[str, Any]) -> None:
    base = f"/{version.api.slug}/v{version.major}"
    kept = []
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            described = item[method]
            operation, _ = Operation.objects.update_or_create(
                version=version,
                method=method.upper(),
                path=path.removeprefix(base),
                defaults={
                    "name": described["operationId"],
                    "summary": described.get("summary", ""),
                    "scopes": described.get("x-trellis-scopes", []),
                    "cost": described.get("x-trellis-cost", 1),
                },
            )
            kept.append(operation.pk)
    version.operations.exclude(pk__in=kept).delete()
