"""Grammars: GBNF text → a tree, a recogniser, and masks over a tokenizer's vocabulary."""
