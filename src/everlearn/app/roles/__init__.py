"""The three roles as processes: each wires what it needs, does its work until told to stop, and ends with 0."""
