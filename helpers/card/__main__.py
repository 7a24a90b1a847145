"""`python -m helpers.card MODEL`."""

from helpers.card.measure import main

main()
