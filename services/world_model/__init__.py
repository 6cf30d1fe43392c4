"""World model: keeps the situation of each account from what perception signals."""
