"""Where a record's fields come from: how a tenant reads each object, and where in a vendor's body a field stood."""
