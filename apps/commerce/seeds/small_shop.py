"""A bicycle shop with a month of business behind it.

Written with one INSERT for each table: sign-up waits for it.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apps.commerce.models import Customer, Line, Order, Payment, Product, Refund
from apps.core import clock, ids
from apps.tenants.models import Tenant

NUMBER = 1870
CURRENCY = "eur"
MONTH = timedelta(days=30)
CUSTOMERS = [
    "Ada Lindqvist", "Bruno Marchetti", "Chiara Novak", "Dawit Tesfaye",
    "Elif Demir", "Farid Haddad", "Greta Olsen", "Hiro Tanaka",
]  # fmt: skip
PRODUCTS = [
    ("Inner tube 28″", "TUBE-28", 690),
    ("Brake pads, pair", "PADS-01", 1290),
    ("Chain, 11 speed", "CHAIN-11", 3490),
    ("City tyre 28″", "TYRE-28C", 2790),
    ("Bell, brass", "BELL-BR", 1890),
    ("Front light, 40 lux", "LIGHT-F40", 4290),
    ("Rear light", "LIGHT-R", 1990),
    ("Pannier, 20 l", "BAG-20", 6990),
    ("Helmet, size M", "HELMET-M", 7990),
    ("Floor pump", "PUMP-FL", 3990),
    ("Saddle, leather", "SADDLE-L", 11900),
    ("Tune-up in our workshop", "SERVICE-1", 8900),
]
STATES = ["draft"] * 5 + ["open"] * 8 + ["paid"] * 12 + ["fulfilled"] * 16 + ["canceled"] * 4
PAID = {Order.Status.PAID, Order.Status.FULFILLED}
TRIED = ["pm_declined", "pm_insufficient_funds", "pm_requires_action", ""]


@dataclass
class Shop:
    """The rows of a shop before they are written."""

    tenant: Tenant
    chance: random.Random
    began: datetime
    customers: list[Customer] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)


def fill(tenant: Tenant) -> None:
    """Write 8 customers, 12 products and 45 orders with their payments and refunds."""
    shop = Shop(tenant, random.Random(NUMBER), clock.now() - MONTH)
    _add_people_and_goods(shop)
    states = shop.chance.sample(STATES, len(STATES))
    for number, state in enumerate(states, 1):
        at = shop.began + MONTH * (number - shop.chance.random()) / (len(states) + 1)
        _add_payments(shop, _order(shop, state, at), number)
    Customer.objects.bulk_create(shop.customers)
    Product.objects.bulk_create(shop.products)
    Order.objects.bulk_create(shop.orders)
    Line.objects.bulk_create(shop.lines)
    Payment.objects.bulk_create(shop.payments)
    Refund.objects.bulk_create(shop.refunds)


def _id(prefix: str, at: datetime) -> str:
    return ids.encode(prefix, ids.uuid7(int(at.timestamp() * 1000)))


def _add_people_and_goods(shop: Shop) -> None:
    for number, name in enumerate(CUSTOMERS):
        at = shop.began + timedelta(minutes=number)
        email = f"{name.split()[0].lower()}@example.com"
        shop.customers.append(
            Customer(
                id=_id("cus", at),
                tenant=shop.tenant,
                name=name,
                email=email,
                created_at=at,
                updated_at=at,
            )
        )
    for number, (name, sku, amount) in enumerate(PRODUCTS):
        at = shop.began + timedelta(minutes=number)
        shop.products.append(
            Product(
                id=_id("prd", at),
                tenant=shop.tenant,
                name=name,
                sku=sku,
                unit_amount=amount,
                currency=CURRENCY,
                created_at=at,
                updated_at=at,
            )
        )


def _order(shop: Shop, state: str, at: datetime) -> Order:
    paid = state in PAID
    order = Order(
        id=_id("ord", at),
        tenant=shop.tenant,
        customer=shop.chance.choice(shop.customers),
        status=state,
        currency=CURRENCY,
        opened_at=None if state == Order.Status.DRAFT else at + timedelta(minutes=2),
        paid_at=at + timedelta(minutes=3) if paid else None,
        fulfilled_at=at + timedelta(hours=9) if state == Order.Status.FULFILLED else None,
        canceled_at=at + timedelta(hours=1) if state == Order.Status.CANCELED else None,
        created_at=at,
        updated_at=at,
    )
    goods = shop.chance.sample(shop.products, shop.chance.randint(1, 4))
    for position, product in enumerate(goods):
        line = Line(
            tenant=shop.tenant,
            order=order,
            product=product,
            position=position,
            description=product.name,
            quantity=shop.chance.randint(1, 3),
            unit_amount=product.unit_amount,
        )
        order.total += line.quantity * line.unit_amount
        shop.lines.append(line)
    order.amount_paid = order.total if paid else 0
    shop.orders.append(order)
    return order


def _add_payments(shop: Shop, order: Order, number: int) -> None:
    if order.status == Order.Status.OPEN and (method := TRIED[_open(shop) % len(TRIED)]):
        _add_attempt(shop, order, method)
    elif order.status in PAID:
        if number % 6 == 0:
            _add_attempt(shop, order, "pm_declined")
        payment = _payment(shop, order, "pm_ok", Payment.Status.SUCCEEDED)
        if number % 5 == 0:
            _refund(shop, payment, part=number % 2 == 0)


def _open(shop: Shop) -> int:
    return sum(order.status == Order.Status.OPEN for order in shop.orders)


def _add_attempt(shop: Shop, order: Order, method: str) -> None:
    waits = method == "pm_requires_action"
    status = Payment.Status.REQUIRES_ACTION if waits else Payment.Status.FAILED
    payment = _payment(shop, order, method, status)
    if not waits:
        failures = {"pm_declined": "card_declined", "pm_insufficient_funds": "insufficient_funds"}
        payment.failure_code = failures[method]


def _payment(shop: Shop, order: Order, method: str, status: str) -> Payment:
    at = order.created_at + timedelta(minutes=3, seconds=len(shop.payments) % 60)
    payment = Payment(
        id=_id("pay", at),
        tenant=shop.tenant,
        order=order,
        status=status,
        payment_method=method,
        amount=order.total,
        currency=CURRENCY,
        settled_at=None if status == Payment.Status.REQUIRES_ACTION else at,
        created_at=at,
        updated_at=at,
    )
    shop.payments.append(payment)
    return payment


def _refund(shop: Shop, payment: Payment, *, part: bool) -> None:
    amount = payment.amount // 3 if part else payment.amount
    payment.amount_refunded = payment.order.amount_refunded = amount
    payment.status = Payment.Status.PARTIALLY_REFUNDED if part else Payment.Status.REFUNDED
    at = payment.created_at + timedelta(days=1)
    shop.refunds.append(
        Refund(
            id=_id("rfd", at),
            tenant=shop.tenant,
            payment=payment,
            amount=amount,
            currency=CURRENCY,
            created_at=at,
            updated_at=at,
        )
    )
