"""Public checks of the four assignments."""
