"""One file of views a kind of page: ask one query, give its rows to one template."""
