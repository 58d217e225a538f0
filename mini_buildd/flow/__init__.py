"""The story: one verb a file; one call, one transaction, one change of state and its events."""
