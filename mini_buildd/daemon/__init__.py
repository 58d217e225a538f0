"""The one process: builds the object graph, starts and stops the services, owns the threads."""
