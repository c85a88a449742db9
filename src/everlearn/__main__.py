"""`python -m everlearn` is the same as the `everlearn` command."""

from everlearn.app.cli import main

if __name__ == "__main__":
    main()
