"""What a board puts around a core: the way to a host, memory, and registers of its own."""
