"""Speed and memory of the whole pipeline beside other readers of AMI: `make bench`."""
