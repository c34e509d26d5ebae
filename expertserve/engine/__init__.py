"""What generates: one narrow seam, several engines behind it."""
