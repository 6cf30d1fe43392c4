"""Console: keeps the read model and serves it, and turns people's orders into commands."""
