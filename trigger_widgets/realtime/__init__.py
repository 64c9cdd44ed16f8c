"""Live feeds: state machines without I/O, and the one background loop that drives them."""
