"""The command line of the house: it talks to the services over HTTP and imports none of them."""
