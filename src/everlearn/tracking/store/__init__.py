"""Tracking rows in, values out: experiments and runs, what runs log, and their artifacts."""
