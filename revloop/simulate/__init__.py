"""A made-up software company: its customers' lives as vendors would tell them, and what is true about them."""
