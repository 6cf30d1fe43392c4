"""A stand-in for the Salesforce REST API; ``README.md`` says what is like the vendor and what is ours."""
