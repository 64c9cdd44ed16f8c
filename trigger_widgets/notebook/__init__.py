"""What is IPython's alone: the busy-kernel pump, and how a handle shows itself in a cell."""
