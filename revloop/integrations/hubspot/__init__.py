"""HubSpot: a CRM by list pages and webhook batches."""
