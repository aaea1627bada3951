"""The `ponder` command: one verb a file; wires concrete parts together."""
