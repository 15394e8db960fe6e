"""The schema of what is answered, and the checks of what is asked.

Answers are made by ``apps.commerce.shapes``; the serializers of objects here describe them.
"""

from typing import Any

from rest_framework import serializers

from apps.commerce.methods import METHODS
from apps.commerce.models import (
    MAX_AMOUNT,
    MAX_LINES,
    MAX_QUANTITY,
    Order,
    Payment,
    Refund,
)
from apps.core.rest.components import Link, moment, text
from apps.core.rest.fields import Currency, Flag, Id, Metadata, Strict, Text, Whole


def _amount(words: str) -> serializers.IntegerField:
    return serializers.IntegerField(help_text=f"{words}, in the currency's smallest unit.")


class Common(serializers.Serializer[Any]):
    """What every object has."""

    object = serializers.CharField(help_text="The kind of object.")
    id = serializers.CharField(help_text="Opaque; begins with the kind.")
    livemode = serializers.BooleanField(help_text="False in a sandbox.")
    created_at = moment("When it was made.", null=False)
    updated_at = moment("When it last changed.", null=False)
    metadata = Metadata(help_text="Your own keys and values.")


class CustomerSerializer(Common):
    """A buyer."""

    name = serializers.CharField()
    email = text("E-mail address.")
    phone_number = text("Phone number, as it was given.")


class ProductSerializer(Common):
    """Something that can be ordered."""

    name = serializers.CharField()
    sku = text("Your stock-keeping unit; unique.")
    description = text("For people.")
    unit_amount = _amount("Price of one")
    currency = Currency(help_text="ISO 4217, lower case.")
    active = serializers.BooleanField(help_text="Whether it can be ordered.")


class LineSerializer(serializers.Serializer[Any]):
    """One position of an order."""

    product = Link(ProductSerializer, help_text="The product, or its identifier.")
    description = serializers.CharField(help_text="The product's name when it was ordered.")
    quantity = serializers.IntegerField()
    unit_amount = _amount("Price of one when it was ordered")
    amount = _amount("Quantity times price")


class OrderSerializer(Common):
    """What a customer buys."""

    status = serializers.ChoiceField(choices=Order.Status.choices)
    customer = Link(CustomerSerializer, help_text="The customer, or its identifier.")
    currency = Currency(help_text="ISO 4217, lower case.")
    total = _amount("Sum of the lines")
    amount_paid = serializers.IntegerField(
        required=False, help_text="What was collected. Absent without payments:read."
    )
    amount_refunded = serializers.IntegerField(
        required=False, help_text="What went back. Absent without payments:read."
    )
    note = text("Shown to nobody else.")
    lines = LineSerializer(many=True)
    opened_at = moment("When it was opened.")
    paid_at = moment("When it was paid.")
    fulfilled_at = moment("When it was fulfilled.")
    canceled_at = moment("When it was canceled.")


class FailureSerializer(serializers.Serializer[Any]):
    """Why a payment failed."""

    code = serializers.CharField(help_text="Stable, such as card_declined.")
    message = serializers.CharField(help_text="For people.")


class NextActionSerializer(serializers.Serializer[Any]):
    """What a payment waits for."""

    type = serializers.ChoiceField(choices=["confirm"], help_text="Call its confirm operation.")


class PaymentSerializer(Common):
    """An attempt to collect an order's total."""

    order = Link(OrderSerializer, help_text="The order, or its identifier.")
    status = serializers.ChoiceField(choices=Payment.Status.choices)
    payment_method = serializers.CharField()
    amount = _amount("What is collected")
    amount_refunded = _amount("What went back")
    currency = Currency(help_text="ISO 4217, lower case.")
    failure = FailureSerializer(allow_null=True)
    next_action = NextActionSerializer(allow_null=True)
    settled_at = moment("When its outcome was known.")


class RefundSerializer(Common):
    """Money that went back."""

    payment = Link(PaymentSerializer, help_text="The payment, or its identifier.")
    amount = _amount("What went back")
    currency = Currency(help_text="ISO 4217, lower case.")
    reason = serializers.ChoiceField(choices=Refund.Reason.choices)


class Wanted(Strict):
    """What every request body may have."""

    metadata = Metadata(required=False, help_text="Replaces all keys and values.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Store a text that was cleared as no text."""
        return {name: "" if value is None else value for name, value in attrs.items()}


class CustomerBody(Wanted):
    """A customer to be."""

    name = Text(max_length=120)
    email = serializers.EmailField(
        required=False, allow_blank=True, allow_null=True, max_length=254
    )
    phone_number = Text(
        source="phone", required=False, allow_blank=True, allow_null=True, max_length=40
    )


class ProductBody(Wanted):
    """A product to be."""

    name = Text(max_length=120)
    sku = Text(required=False, allow_blank=True, allow_null=True, max_length=64)
    description = Text(required=False, allow_blank=True, allow_null=True, max_length=2000)
    unit_amount = Whole(min_value=0, max_value=MAX_AMOUNT, help_text="In the smallest unit.")
    currency = Currency(help_text="ISO 4217.")
    active = Flag(required=False)


AT_MOST: dict[str, Any] = {"max_length": MAX_LINES}  # an option of lists, unknown to the stubs


class LineBody(Strict):
    """A position to be; its price is the product's."""

    product = Id("prd", help_text="The product's identifier.")
    quantity = Whole(min_value=1, max_value=MAX_QUANTITY, default=1)


class OrderBody(Wanted):
    """An order to be."""

    customer = Id("cus", help_text="The customer's identifier.")
    currency = Currency(help_text="ISO 4217; the products' too.")
    note = Text(required=False, allow_blank=True, allow_null=True, max_length=500)
    lines = LineBody(many=True, required=False, **AT_MOST)


class OrderChange(Wanted):
    """Changes of an order: customer and lines only while it is a draft."""

    customer = Id("cus", required=False, help_text="The customer's identifier.")
    note = Text(required=False, allow_blank=True, allow_null=True, max_length=500)
    lines = LineBody(many=True, required=False, **AT_MOST, help_text="Replace all.")


class PaymentBody(Wanted):
    """A payment to be."""

    order = Id("ord", help_text="The open order to collect the total of.")
    payment_method = Text(
        max_length=40,
        help_text="In sandboxes: "
        + " ".join(f"`{name}`: {method.words}" for name, method in METHODS.items()),
    )


class RefundBody(Wanted):
    """A refund to be."""

    payment = Id("pay", help_text="The payment to refund.")
    amount = Whole(
        required=False, min_value=1, max_value=10**15, help_text="All that is left by default."
    )
    reason = serializers.ChoiceField(choices=Refund.Reason.choices, required=False)


class MetadataChange(Wanted):
    """A change of metadata, where nothing else can be changed."""
