"""Pipeline rows in, values out: runs, their steps, and results that can be used again."""
