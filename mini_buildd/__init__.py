"""mini-buildd: turns signed Debian source uploads into an apt archive that people install from.

The rooms and what may import what: doc/explanation/house.md; every test run holds to it.
"""
