"""A whole search while nine calls in ten go wrong."""
