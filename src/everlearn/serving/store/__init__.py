"""Rows of serving in, values out; every function works in the transaction it is given."""
