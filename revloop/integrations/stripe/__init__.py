"""Stripe: billing by webhook events."""
