"""The parts of `handlers.testing`, which holds handlers to what they promise."""
