"""Runs the services' cores in one process without Kafka: the composition root of backtests, what-ifs and re-derivation."""
