"""Small standard-library tools, one noun a file; imported by every room."""
