"""Studies beyond the table, one a file: each defines ``run(args) -> rows`` and ``COLUMNS``."""
