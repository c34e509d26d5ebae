"""The demo experts' tasks: what they are trained on and how an answer is judged."""
