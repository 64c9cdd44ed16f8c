"""HTTP in and out: one module a resource. `table` puts them together."""
