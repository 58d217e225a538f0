"""What the JSON API says, as plain dataclasses: the server describes them, the client reads them.

They need neither Django nor pydantic; the docstrings become the text of the OpenAPI document.
A client ignores what it does not know, so fields may be added, but never change or go within v1.
"""
