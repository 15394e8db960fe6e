"""The OpenAPI 3.1 document of the reference API."""

from apps.core.rest.document import Description

SCOPES = {
    "customers:read": {"title": "Read customers", "risk": "low"},
    "customers:write": {"title": "Create, change and delete customers", "risk": "high"},
    "products:read": {"title": "Read products", "risk": "low"},
    "products:write": {"title": "Create, change and delete products", "risk": "low"},
    "orders:read": {"title": "Read orders", "risk": "low"},
    "orders:write": {"title": "Create, change and cancel orders", "risk": "high"},
    "payments:read": {"title": "Read payments and refunds", "risk": "low"},
    "payments:write": {"title": "Take and refund payments", "risk": "high"},
}
DESCRIPTION = Description(
    base="/commerce/v1",
    urls="apps.commerce.api.urls",
    title="Commerce API",
    words="Customers, products, orders, payments and refunds of a shop.",
    tags={
        "Orders": "What customers buy, from draft to fulfilled.",
        "Payments": "Collecting what an order costs.",
        "Refunds": "Giving back what was collected.",
        "Customers": "Who buys.",
        "Products": "What can be ordered.",
    },
    scopes=SCOPES,
)
document = DESCRIPTION.document
