"""Handlers that break what handlers promise, one fault in each module."""
