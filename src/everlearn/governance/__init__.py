"""Governance: what a version is, where it comes from and why it may answer, in a document people can read."""

from everlearn.governance.service import Cards

__all__ = ["Cards"]
