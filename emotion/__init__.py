"""Captures and readings: from a picture to an expression, and the history of them."""
