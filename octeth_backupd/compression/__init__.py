"""Compressors: a stream of bytes in, a smaller one out."""
