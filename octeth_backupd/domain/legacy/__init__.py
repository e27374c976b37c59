"""The bash tool: how its configuration reads, what it means here, and the names it gave."""
