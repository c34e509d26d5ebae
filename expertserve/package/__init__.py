"""Reading and writing `.expert` packages: archives, folders, manifests, checksums."""
