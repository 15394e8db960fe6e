"""Make the objects of a shop the way a developer does: through the API."""

from itertools import count
from typing import Any

from apps.commerce.services import payments
from tests.support.api import Answer, Api

number = count(1)


def made(answer: Answer) -> Any:
    """Return the object that was made, or fail with the problem."""
    assert answer.status in {200, 201}, answer.content
    return answer.json()


class Shop:
    """Makes one of anything."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def customer(self, **fields: Any) -> Any:
        return made(self.api.post("customers", {"name": f"Buyer {next(number)}", **fields}))

    def product(self, **fields: Any) -> Any:
        fields = {"name": "Bell", "unit_amount": 1890, "currency": "eur", **fields}
        return made(self.api.post("products", fields))

    def order(self, *, quantity: int = 2, opened: bool = False, **fields: Any) -> Any:
        fields.setdefault("customer", self.customer()["id"])
        fields.setdefault("lines", [{"product": self.product()["id"], "quantity": quantity}])
        order = made(self.api.post("orders", {"currency": "eur", **fields}))
        return made(self.api.post(f"orders/{order['id']}/open")) if opened else order

    def payment(self, method: str = "pm_ok", *, settled: bool = True, **fields: Any) -> Any:
        fields.setdefault("order", self.order(opened=True)["id"])
        payment = made(self.api.post("payments", {"payment_method": method, **fields}))
        if settled:
            payments.settle_due()
        return self.read("payments", payment)

    def refund(self, payment: Any = None, **fields: Any) -> Any:
        paid = payment or self.payment()
        return made(self.api.post("refunds", {"payment": paid["id"], **fields}))

    def read(self, plural: str, found: Any) -> Any:
        return made(self.api.get(f"{plural}/{found['id']}"))
