"""The order of the steps of a run, and its outcome."""
