"""Adapters of every type → one serving form: low rank, a scale and a shift per output row."""
