"""The journal: what it holds survives a kill, a full disk and damage, and gives the same facts again."""
