"""The builder: runs each task in a process of its own that outlives the daemon."""
