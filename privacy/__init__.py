"""Consent, and what is held of whom: the registry that every other app reports to."""
