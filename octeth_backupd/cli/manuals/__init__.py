"""Manual pages and shell completion, written from the parsers and the settings models when a package is built."""
