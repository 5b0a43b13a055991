"""Problem sets, one a file: each defines ``instances(small)``."""
