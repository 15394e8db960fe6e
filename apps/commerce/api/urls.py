"""Paths of the reference API, below ``/commerce/v1/``."""

from django.urls import path

from apps.commerce.api.customers import CustomerView
from apps.commerce.api.orders import OrderView
from apps.commerce.api.payments import PaymentView
from apps.commerce.api.products import ProductView
from apps.commerce.api.refunds import RefundView
from apps.core.rest.routes import DELETABLE, MANY, ONE

urlpatterns = [
    path("orders/<str:id>", OrderView.as_view(DELETABLE)),
    path("orders", OrderView.as_view(MANY)),
    path("orders/<str:id>/open", OrderView.as_view({"post": "place"})),
    path("orders/<str:id>/fulfill", OrderView.as_view({"post": "fulfill"})),
    path("orders/<str:id>/cancel", OrderView.as_view({"post": "cancel"})),
    path("customers", CustomerView.as_view(MANY)),
    path("customers/<str:id>", CustomerView.as_view(DELETABLE)),
    path("products", ProductView.as_view(MANY)),
    path("products/<str:id>", ProductView.as_view(DELETABLE)),
    path("payments", PaymentView.as_view(MANY)),
    path("payments/<str:id>", PaymentView.as_view(ONE)),
    path("payments/<str:id>/confirm", PaymentView.as_view({"post": "confirm"})),
    path("payments/<str:id>/cancel", PaymentView.as_view({"post": "cancel"})),
    path("refunds", RefundView.as_view(MANY)),
    path("refunds/<str:id>", RefundView.as_view(ONE)),
]
