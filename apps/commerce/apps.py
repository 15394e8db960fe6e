"""The reference API: customers, products, orders, payments and refunds."""

from django.apps import AppConfig

from apps.catalog import native
from apps.events.registry import register
from apps.tenants import data


class CommerceConfig(AppConfig):
    """Commerce."""

    name = "apps.commerce"

    def ready(self) -> None:
        """Describe the events, offer the seeds, and join the catalog."""
        from apps.commerce import openapi, seeds  # noqa: PLC0415 - both need models

        register(
            ("customer.created", "A customer was added."),
            ("customer.updated", "A customer was changed."),
            ("customer.deleted", "A customer without orders was deleted."),
            ("product.created", "A product was added."),
            ("product.updated", "A product was changed."),
            ("product.deleted", "A product that was never ordered was deleted."),
            ("order.created", "An order was drafted."),
            ("order.updated", "An order was changed."),
            ("order.deleted", "A draft was deleted."),
            ("order.opened", "An order was opened and can be paid."),
            ("order.paid", "An order was paid in full."),
            ("order.fulfilled", "A paid order was delivered."),
            ("order.canceled", "An order was canceled."),
            ("payment.created", "A payment was begun."),
            ("payment.updated", "A payment's metadata was changed."),
            ("payment.processing", "A payment was confirmed and waits for its processor."),
            ("payment.succeeded", "A payment succeeded."),
            ("payment.failed", "A payment failed; its failure says why."),
            ("payment.canceled", "A payment was given up before it was confirmed."),
            ("payment.refunded", "A payment was refunded in part or in full."),
            ("refund.created", "Money went back to a customer."),
            ("refund.updated", "A refund's metadata was changed."),
        )
        data.register("commerce", seed=seeds.fill)
        native.register(slug="commerce", major=1, name="Commerce API", document=openapi.document)
