"""The report: three views of one list of findings."""
