"""Catalogues of headquarters: the words for product lines, faults, causes and reasons, matched to codes."""
