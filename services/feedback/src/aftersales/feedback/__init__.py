"""Feedback: the customer is asked afterwards, and every request's way is measured."""
