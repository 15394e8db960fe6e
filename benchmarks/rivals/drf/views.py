"""One order, by id: from tables of its own, or from the service behind."""

import os
from typing import Any

import urllib3
from django.http import HttpResponse
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from benchmarks.rivals.drf.models import Line, Order


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


class PassedOnView(APIView):
    """One order, fetched from ``RIVAL_UPSTREAM`` with the cheapest client that pools."""

    pool = urllib3.PoolManager(maxsize=16)

    def get(self, request: Request, pk: str) -> HttpResponse:
        """Fetch it, and answer with what came."""
        answer = self.pool.request("GET", f"{os.environ['RIVAL_UPSTREAM']}/orders/{pk}")
        kind = answer.headers.get("Content-Type", "application/json")
        return HttpResponse(answer.data, status=answer.status, content_type=kind)
