"""Executes Python tasks for a server, over HTTP."""
