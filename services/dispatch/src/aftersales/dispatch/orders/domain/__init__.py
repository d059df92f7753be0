"""The rules of dispatch: state and command in, state and events out. No I/O, no clock."""
