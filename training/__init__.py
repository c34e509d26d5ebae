"""How the demo experts are made: generators of their data, judges of answers, the trainer."""
