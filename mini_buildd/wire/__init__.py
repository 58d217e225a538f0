"""Every message that crosses a process border, as strict types; no I/O."""
