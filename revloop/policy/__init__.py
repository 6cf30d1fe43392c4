"""Policy: whether an action is allowed, waits for a person or is refused; what an approval covers; who gave it."""
