"""The accounts of the services and partners at MongoDB and RabbitMQ, each with the rights that it needs and no others.

A program for the administrator (`aftersales-accounts`); no service imports it.
"""
