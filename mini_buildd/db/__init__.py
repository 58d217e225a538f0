"""The record: Django models (one aggregate a file), read queries, compare-and-set moves.

Models hold fields and constraints; no model method decides anything.
"""
