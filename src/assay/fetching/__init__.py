"""Published data sets: where each is, and how it comes whole."""
