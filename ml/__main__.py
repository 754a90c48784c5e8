"""The command line of the vision code: `python -m ml train|evaluate|robustness|measure|bench|predict|card`."""

import os

# TensorFlow's own remarks on the machine bury what the command has to say; errors are still shown.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from ml.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
