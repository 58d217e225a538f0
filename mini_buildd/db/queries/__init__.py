"""What the pages read: frozen rows, each page in a fixed number of questions to the database.

No Django object leaves this room's queries, so nobody asks the database by touching an attribute.
"""
