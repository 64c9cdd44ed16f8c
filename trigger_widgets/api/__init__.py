"""REST: one module a resource; each request described once, sent by a sync and an async client."""
