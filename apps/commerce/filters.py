"""By what lists can be filtered."""

import django_filters as filters

from apps.commerce.models import Order, Payment
from apps.core.rest.filters import Dated, matching


class CustomerFilters(Dated):
    """Customers."""

    email = matching("With this e-mail address.", lookup="iexact")
    name = matching("With this in the name.", lookup="icontains")


class ProductFilters(Dated):
    """Products."""

    active = filters.BooleanFilter(help_text="Only those that are sold, or are not.")
    sku = matching("With this SKU.")
    currency = matching("Priced in this currency.")


class OrderFilters(Dated):
    """Orders."""

    status = filters.ChoiceFilter(choices=Order.Status.choices, help_text="In this status.")
    customer = matching("Of this customer.")
    currency = matching("In this currency.")
    total_min = filters.NumberFilter(
        field_name="total", lookup_expr="gte", help_text="Of this total or more."
    )
    total_max = filters.NumberFilter(
        field_name="total", lookup_expr="lte", help_text="Of this total or less."
    )


class PaymentFilters(Dated):
    """Payments."""

    status = filters.ChoiceFilter(choices=Payment.Status.choices, help_text="In this status.")
    order = matching("Of this order.")


class RefundFilters(Dated):
    """Refunds."""

    payment = matching("Of this payment.")
