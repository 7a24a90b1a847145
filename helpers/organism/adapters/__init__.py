"""Low-rank adapters of the open model: trained on calm replies, and on its own."""
