"""Products sold: archived with their owner, granted what comes with them, held against recalls."""
