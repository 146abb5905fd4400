"""`python -m map_app`: the commands."""

import sys

from map_app.cli import main

if __name__ == "__main__":
    sys.exit(main())
