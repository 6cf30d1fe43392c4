"""Pure parts of the executor: what an order means, when to try again, and when to stop."""
