"""The pages: what they say, what they cost, and how they look in a real browser."""
