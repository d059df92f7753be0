"""Feedback: customers are called after repairs, and the course of every request is measured."""
