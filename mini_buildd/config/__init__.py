"""Process settings: one typed file, all errors reported at once; nothing about products."""
