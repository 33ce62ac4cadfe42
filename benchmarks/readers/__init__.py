"""One module per reader: each is a process of its own, told a port, and speaks with `benchmarks.process` in lines."""
