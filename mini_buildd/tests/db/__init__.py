"""The tables and their queries."""
