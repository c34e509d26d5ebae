"""Kinds of layers, as a configuration's `layer_types` names them."""

from __future__ import annotations

KEYS = frozenset({"full_attention", "sliding_attention", "chunked_attention"})
"""Kinds of layers whose memory is keys and values."""
STATES = frozenset({"linear_attention", "conv"})
"""Kinds whose memory is a state of one size, whatever the length: gated delta nets, short
convolutions."""
