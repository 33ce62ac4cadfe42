"""What strangers and broken disks may send: any bytes at all, to everything that reads bytes from outside."""
