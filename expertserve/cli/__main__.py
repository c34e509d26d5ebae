"""`python -m expertserve.cli`."""

from expertserve.cli import main

main()
