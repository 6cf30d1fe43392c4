"""Runs the services' cores in one process without Kafka: the composition root of backtests and re-derivation."""
