"""Adapters of every type we serve → one serving form: low rank, a scale and a shift per output row."""
