"""Reading AMI: bytes to packets (`protocol`), packets to typed events with normalised units (`events`). Pure."""
