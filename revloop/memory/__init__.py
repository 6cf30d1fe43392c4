"""What was written about an account: kept as text, and found again by words and by meaning."""
