"""What `forgewire new handler` writes: a handler, its schema, samples and a test."""
