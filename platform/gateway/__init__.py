"""The data plane: every API call passes here. Raw ASGI, no ORM, no tables of its own."""
