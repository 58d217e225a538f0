"""Wake-ups: who wants to look again when something happened."""
