"""Trigger.dev in Jupyter: trigger tasks in a cell, watch them live, approve them there."""
