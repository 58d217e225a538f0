"""Debian's own grammar: names, versions, deb822, .changes, .dsc, binary packages.

True of any Debian system and of no product; grammar only, on python-debian where it has it.
"""
