"""What other tools wrote → a package's folder."""

from expertserve.init.package import init_package

__all__ = ["init_package"]
