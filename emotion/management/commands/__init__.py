"""Commands of manage.py that concern the network and its training."""
