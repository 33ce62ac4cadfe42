"""Everything that moves a call state, written down before it does: segments of plain AMI on disk."""
