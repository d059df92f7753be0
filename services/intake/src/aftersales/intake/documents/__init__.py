"""Documents printed for customers: request forms and warranty cards, with their numbers and who got them."""
