"""Ready-made controls: a chart for the page, the same live with a kernel."""
