"""Documents printed for customers: their contents as values, and their typesetting as PDF in a process of its own."""
