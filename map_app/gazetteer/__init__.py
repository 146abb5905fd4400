"""Names to candidate places, offline."""
