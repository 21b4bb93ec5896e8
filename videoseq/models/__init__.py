"""Encoders, heads and the model that joins them: loads, streams and exports with torch alone."""
