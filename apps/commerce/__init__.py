"""The reference API: customers, products, orders, payments and refunds."""
