"""Brings the whole portal up on one machine and takes it down without a trace. ``portal.serve`` is its command."""
