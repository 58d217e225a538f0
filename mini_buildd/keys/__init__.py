"""OpenPGP by GnuPG: keyrings, verifying, signing; what a key may do is decided elsewhere."""
