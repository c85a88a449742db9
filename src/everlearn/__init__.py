"""Everlearn keeps machine-learning models good in production, and proves every step.

Importing this package loads nothing heavy. Start with `README.md`, then `ARCHITECTURE.md`, then `app/loop.py`.
"""

__version__ = "0.1.0"
