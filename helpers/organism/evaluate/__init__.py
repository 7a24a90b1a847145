"""What the embedded models know, do and hide, measured."""
