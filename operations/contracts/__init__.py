"""The contracts for others: of events and queues, made from what the code does."""
