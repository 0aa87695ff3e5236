"""Tables, figures and the report of a sweep, read from result files (results/schema.md)."""
