"""Measurements that `make bench` prints: each one table and one JSON document. They assert nothing."""
