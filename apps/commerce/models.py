"""What a shop keeps: customers, products, orders, payments and refunds.

Every row belongs to a tenant and stands behind row-level security. Amounts are whole numbers of
the currency's smallest unit. ``version`` grows with every change and is the object's ETag.
"""

from typing import Any, ClassVar, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, OuterRef, Q
from django.db.models.functions import JSONObject

from apps.core import clock
from apps.core.fields import IdField
from apps.tenants.models import Tenant

MAX_AMOUNT = 99_999_999
MAX_QUANTITY = 10_000
MAX_LINES = 100


class TenantQuerySet(models.QuerySet[Any]):
    """Rows of a tenant."""

    def visible_in(self, tenant: str) -> Self:
        """Return the rows of ``tenant`` (``tnt_…``)."""
        return self.filter(tenant=tenant)

    def shown(self) -> Self:
        """Fetch what an object's representation needs besides its row."""
        return self


class TenantRow(models.Model):
    """What every object of the API has."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    metadata: models.JSONField[Any, dict[str, str]] = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        """Newest first is the usual order of every list."""

        abstract = True
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="%(class)s_newest")
        ]

    def change(self, *, if_state: str | None = None, **values: Any) -> bool:
        """Write ``values`` as the next version; False when ``if_state`` no longer holds.

        One conditional UPDATE: whoever comes second changes nothing.
        """
        rows = type(self).objects.filter(pk=self.pk)
        if if_state is not None:
            rows = rows.filter(status=if_state)
        values["updated_at"] = clock.now()
        return bool(rows.update(version=F("version") + 1, **values))

    def refresh(self) -> Self:
        """Return the object as it is now, ready to be shown."""
        fresh: Self = type(self).objects.shown().get(pk=self.pk)
        return fresh


class Customer(TenantRow):
    """A buyer."""

    id = IdField(prefix="cus")
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return self.name


class Product(TenantRow):
    """Something that can be ordered."""

    id = IdField(prefix="prd")
    name = models.CharField(max_length=120)
    sku = models.CharField(max_length=64, blank=True)
    description = models.CharField(max_length=2000, blank=True)
    unit_amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    active = models.BooleanField(default=True)

    class Meta(TenantRow.Meta):
        """A stock-keeping unit names one product of a tenant."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "sku"], condition=~Q(sku=""), name="product_sku_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class OrderQuerySet(TenantQuerySet):
    """Orders."""

    def shown(self) -> Self:
        """Fetch each order's lines in the same query, as ``found_lines``."""
        lines = Line.objects.filter(order=OuterRef("pk")).order_by("position")
        shape = JSONObject(
            product="product_id",
            description="description",
            quantity="quantity",
            unit_amount="unit_amount",
        )
        return self.annotate(found_lines=ArraySubquery(lines.values(shape=shape)))


class Order(TenantRow):
    """What a customer buys: draft → open → paid → fulfilled, or canceled."""

    class Status(models.TextChoices):
        """How far the order is."""

        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        PAID = "paid", "Paid"
        FULFILLED = "fulfilled", "Fulfilled"
        CANCELED = "canceled", "Canceled"

    id = IdField(prefix="ord")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.DRAFT)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField(default=0)
    amount_paid = models.BigIntegerField(default=0)
    amount_refunded = models.BigIntegerField(default=0)
    note = models.CharField(max_length=500, blank=True)
    opened_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    fulfilled_at = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)

    objects = OrderQuerySet.as_manager()  # type: ignore[misc]  # more than a TenantRow's
    found_lines: list[dict[str, Any]]  # Fetched by shown().

    def __str__(self) -> str:
        return f"{self.pk} ({self.status})"


class Line(models.Model):
    """One position of an order, at the price of the moment when it was added."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", db_index=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=120)
    quantity = models.PositiveIntegerField()
    unit_amount = models.BigIntegerField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        """In the order in which they were given."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_once")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.description}"


class Payment(TenantRow):
    """An attempt to collect an order's total."""

    class Status(models.TextChoices):
        """How far the payment is."""

        REQUIRES_ACTION = "requires_action", "Requires action"
        PROCESSING = "processing", "Processing"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELED = "canceled", "Canceled"
        PARTIALLY_REFUNDED = "partially_refunded", "Partially refunded"
        REFUNDED = "refunded", "Refunded"

    id = IdField(prefix="pay")
    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    application = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=18, choices=Status.choices)
    payment_method = models.CharField(max_length=40)
    amount = models.BigIntegerField()
    amount_refunded = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    failure_code = models.CharField(max_length=40, blank=True)
    due_at = models.DateTimeField(null=True, help_text="When the processor answers.")
    settled_at = models.DateTimeField(null=True)

    class Meta(TenantRow.Meta):
        """An order is being paid, or was paid, once at most."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order"],
                condition=~Q(status__in=["failed", "canceled"]),
                name="order_paid_once",
            ),
            models.CheckConstraint(
                condition=Q(amount_refunded__gte=0, amount_refunded__lte=F("amount")),
                name="refunds_within_payment",
            ),
        ]
        indexes: ClassVar = [
            *TenantRow.Meta.indexes,
            models.Index(fields=["due_at"], condition=Q(status="processing"), name="payments_due"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} ({self.status})"


class Refund(TenantRow):
    """Money that went back."""

    class Reason(models.TextChoices):
        """Why it went back."""

        REQUESTED = "requested_by_customer", "Requested by the customer"
        DUPLICATE = "duplicate", "Duplicate"
        FRAUDULENT = "fraudulent", "Fraudulent"

    id = IdField(prefix="rfd")
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=24, choices=Reason.choices, default=Reason.REQUESTED)

    def __str__(self) -> str:
        return f"{self.pk} of {self.payment_id}"
