"""Fitting models that revise their answers (2408.03314, section 6)."""
