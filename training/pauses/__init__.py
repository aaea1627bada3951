"""Pause tokens in training (2310.02226): where they are put, and what is not learnt of them."""
