"""The specification's scenarios, one test each, named after them."""
