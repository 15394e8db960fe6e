"""An order and its lines."""

from django.db import models


class Order(models.Model):
    """What the reference API's order says, in two plain tables."""

    id = models.CharField(max_length=40, primary_key=True)
    number = models.CharField(max_length=40)
    state = models.CharField(max_length=20)
    customer = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: "models.Manager[Order]" = models.Manager()

    def __str__(self) -> str:
        return self.id


class Line(models.Model):
    """One product in an order."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField()
    price = models.BigIntegerField()

    objects: "models.Manager[Line]" = models.Manager()

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product}"
