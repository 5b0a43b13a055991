"""The experiments of Nutini, Laradji, Schmidt, JMLR 23(131), 2022, at their own size."""
