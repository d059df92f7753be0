"""Issue slips: the parts of one visit."""
