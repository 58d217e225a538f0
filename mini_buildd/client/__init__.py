"""A client library for the JSON API; it needs neither Django nor anything else of the server."""
