"""By what lists can be filtered."""

import django_filters as filters

from apps.commerce.models import Order, Payment


def _text(words: str, field: str | None = None, lookup: str = "exact") -> filters.CharFilter:
    return filters.CharFilter(field_name=field, lookup_expr=lookup, help_text=words)


class Dated(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """By time of creation."""

    created_after = filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="gte", help_text="Created at this time or later."
    )
    created_before = filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="lt", help_text="Created before this time."
    )


class CustomerFilters(Dated):
    """Customers."""

    email = _text("With this e-mail address.", lookup="iexact")
    name = _text("With this in the name.", lookup="icontains")


class ProductFilters(Dated):
    """Products."""

    active = filters.BooleanFilter(help_text="Only those that are sold, or are not.")
    sku = _text("With this SKU.")
    currency = _text("Priced in this currency.")


class OrderFilters(Dated):
    """Orders."""

    status = filters.ChoiceFilter(choices=Order.Status.choices, help_text="In this status.")
    customer = _text("Of this customer.")
    currency = _text("In this currency.")
    total_min = filters.NumberFilter(
        field_name="total", lookup_expr="gte", help_text="Of this total or more."
    )
    total_max = filters.NumberFilter(
        field_name="total", lookup_expr="lte", help_text="Of this total or less."
    )


class PaymentFilters(Dated):
    """Payments."""

    status = filters.ChoiceFilter(choices=Payment.Status.choices, help_text="In this status.")
    order = _text("Of this order.")


class RefundFilters(Dated):
    """Refunds."""

    payment = _text("Of this payment.")
