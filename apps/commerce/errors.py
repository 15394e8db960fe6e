"""What can go wrong in a shop."""

from apps.core.errors import Conflict, Unprocessable


class CustomerInUse(Conflict):
    """The customer has orders and cannot be deleted."""

    code = "customer_in_use"


class ProductInUse(Conflict):
    """The product was ordered and cannot be deleted."""

    code = "product_in_use"


class SkuTaken(Conflict):
    """Another product has this SKU."""

    code = "sku_taken"


class ReferenceMissing(Unprocessable):
    """The body names an object that does not exist."""

    code = "reference_missing"


class ProductInactive(Unprocessable):
    """The product can no longer be ordered."""

    code = "product_inactive"


class CurrencyMismatch(Unprocessable):
    """A product's price is in another currency than the order."""

    code = "currency_mismatch"


class OrderEmpty(Unprocessable):
    """An order without lines cannot be opened."""

    code = "order_empty"


class OrderStateConflict(Conflict):
    """The order's status does not allow this."""

    code = "order_state_conflict"


class OrderBeingPaid(Conflict):
    """A payment of the order is under way."""

    code = "order_being_paid"


class OrderNotRefunded(Conflict):
    """A paid order is canceled only after its payment was refunded in full."""

    code = "order_not_refunded"


class PaymentMethodUnknown(Unprocessable):
    """The payment method does not exist."""

    code = "payment_method_unknown"


class ProcessorMissing(Unprocessable):
    """Live payments need a payment processor, and none is connected."""

    code = "processor_missing"


class PaymentStateConflict(Conflict):
    """The payment's status does not allow this."""

    code = "payment_state_conflict"


class RefundTooLarge(Unprocessable):
    """The refund is larger than what is left of the payment."""

    code = "refund_too_large"
