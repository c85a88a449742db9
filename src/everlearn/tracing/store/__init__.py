"""Rows of traces in, values out."""
