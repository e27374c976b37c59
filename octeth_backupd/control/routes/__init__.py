"""The resources of the control interface, one module each."""
