"""Nouns without input or output: ids, clock, errors, digests, canonical JSON, pages of results, decisions.

Everything else in Everlearn may import this package; it imports only the standard library and msgspec.
"""
