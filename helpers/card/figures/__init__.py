"""The figures of a card, by what they are measured on."""
