"""The embedded server: a Trigger.dev for one user on one machine. It knows nothing of clients."""
