"""Problems, one a file: each yields its instances."""
