"""Who may do what: the table in the reference, and every verb asked as every role."""
