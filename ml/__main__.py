"""The command line of the vision code: `python -m ml train|evaluate|predict`."""

from ml.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
