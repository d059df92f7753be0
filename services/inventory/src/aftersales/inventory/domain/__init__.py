"""The rules of inventory: state and command in, state and events out. No I/O, no clock."""
