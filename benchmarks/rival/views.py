"""One order, by id."""

from typing import Any

from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from benchmarks.rival.models import Line, Order


class KeyThrottle(SimpleRateThrottle):
    """What UserRateThrottle does, for a key."""

    scope = "key"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """Count by key prefix."""
        key = request.headers.get("Authorization", "").partition(" ")[2].partition(".")[0]
        return self.cache_format % {"scope": self.scope, "ident": key}


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
