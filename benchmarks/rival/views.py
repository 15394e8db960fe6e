"""One order, by id."""

from typing import Any

from rest_framework import generics, serializers

from benchmarks.rival.models import Line, Order


class LineSerializer(serializers.ModelSerializer[Line]):
    """A line."""

    class Meta:
        """All of it."""

        model = Line
        fields = ("product", "quantity", "price")


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order with its lines."""

    lines = LineSerializer(many=True)

    class Meta:
        """All of it."""

        model = Order
        fields = (
            *("id", "number", "state", "customer", "currency"),
            *("total", "metadata", "created_at", "lines"),
        )


class OrderView(generics.RetrieveAPIView[Order]):
    """One order."""

    queryset: Any = Order.objects.prefetch_related("lines")
    serializer_class = OrderSerializer
