"""Every number of a format through a function, chunk by chunk."""
