"""Calls back: who was promised one or rang in vain, and whether and when the centre called them."""
