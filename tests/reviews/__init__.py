"""Reviews: draws, the desk, figures."""
