"""Which copies are kept and which expire: pure decisions over values, each with its reasons."""
