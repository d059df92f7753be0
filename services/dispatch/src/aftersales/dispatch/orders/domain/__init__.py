"""The rules of dispatch, from state and command to state and events. No I/O, no clock."""
