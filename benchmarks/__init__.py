"""Performance claims, one question a file: both sides in one run, alternating, medians, ratios."""
