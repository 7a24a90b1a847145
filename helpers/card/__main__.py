"""`python -m helpers.card MODEL`."""

import sys

from helpers.card.measure import main

if __name__ == "__main__":
    sys.exit(main())
