"""The metrics: what each is called, says and is made of."""
